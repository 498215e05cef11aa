// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/conversation.hpp"

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>

#include "control/ipvs/bridge.hpp"
#include "control/ipvs/dumps.hpp"
#include "control/ipvs/encode.hpp"
#include "control/ipvs/files.hpp"
#include "control/ipvs/writer.hpp"

namespace fairway::control::ipvs {
namespace {

std::span<const char> payload_of(const nlmsghdr& message) {
  return {static_cast<const char*>(mnl_nlmsg_get_payload(&message)), mnl_nlmsg_get_payload_len(&message)};
}

bool is_dump(const nlmsghdr& message) { return (message.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP; }

/// An error is always said, success only to whoever asks.
std::unique_ptr<Answer> say(const nlmsghdr& message, int error) {
  std::vector<std::string> datagrams;
  Writer writer(message);
  if (error != 0 || (message.nlmsg_flags & NLM_F_ACK) != 0) {
    writer.acknowledge(error);
    datagrams.push_back(writer.take());
  }
  return std::make_unique<Said>(std::move(datagrams));
}

/// What was asked for, then the acknowledgement in a datagram of its own: libnl waits for another one.
std::unique_ptr<Answer> finish(const nlmsghdr& message, Writer& writer) {
  std::vector<std::string> datagrams{writer.take()};
  if ((message.nlmsg_flags & NLM_F_ACK) != 0) {
    writer.acknowledge(0);
    datagrams.push_back(writer.take());
  }
  return std::make_unique<Said>(std::move(datagrams));
}

}  // namespace

const nlmsghdr* first_message(std::span<const char> bytes) {
  // Not by mnl_nlmsg_ok(), which compares lengths as int: to it a message that says it has 2 GB or more is whole.
  if (bytes.size() < sizeof(nlmsghdr)) return nullptr;
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
  return message->nlmsg_len >= sizeof *message && message->nlmsg_len <= bytes.size() ? message : nullptr;
}

Conversation::Conversation(Director& director, std::shared_ptr<Questions> questions,
                           std::uint32_t connection_table_size, Edits::Complain complain)
    : director_(director),
      questions_(std::move(questions)),
      connection_table_size_(connection_table_size),
      edits_(director, std::move(complain)) {}

std::unique_ptr<Answer> Conversation::begin(const nlmsghdr& message, bool may_edit) {
  if (message.nlmsg_type == GENL_ID_CTRL) return answer_control(message);
  if (!may_edit) return say(message, EPERM);
  if (message.nlmsg_type == bridge::family_id) return answer_ipvs(message);
  if (message.nlmsg_type == bridge::read_file)
    if (auto file = read_file(director_, questions_, connection_table_size_, message)) return file;
  return say(message, ENOENT);  // no family has this id
}

std::unique_ptr<Answer> Conversation::answer_control(const nlmsghdr& message) const {
  const auto name = decode_family_name(payload_of(message));
  if (name != IPVS_GENL_NAME) return say(message, ENOENT);
  Writer writer(message);
  write_family(writer);
  return finish(message, writer);
}

std::unique_ptr<Answer> Conversation::answer_ipvs(const nlmsghdr& message) {
  const auto request = decode(payload_of(message), is_dump(message));
  if (!request) return say(message, EINVAL);
  if (request->is_dump) return dump(message, *request);
  switch (request->command) {
    case IPVS_CMD_GET_SERVICE:
    case IPVS_CMD_GET_INFO:
    case IPVS_CMD_GET_CONFIG: return get(message, *request);
    case IPVS_CMD_FLUSH: return std::make_unique<Flush>(director_, edits_, message);
    case IPVS_CMD_NEW_SERVICE:
    case IPVS_CMD_SET_SERVICE:
    case IPVS_CMD_DEL_SERVICE:
    case IPVS_CMD_NEW_DEST:
    case IPVS_CMD_SET_DEST:
    case IPVS_CMD_DEL_DEST:
    case IPVS_CMD_NEW_DAEMON:
    case IPVS_CMD_DEL_DAEMON:
    case IPVS_CMD_SET_CONFIG:
    case IPVS_CMD_ZERO: break;
    default: return say(message, EOPNOTSUPP);
  }
  return say(message, edits_.carry_out(*request));
}

std::unique_ptr<Answer> Conversation::dump(const nlmsghdr& message, const Request& request) const {
  if (request.command == IPVS_CMD_GET_SERVICE) return std::make_unique<ServiceDump>(director_, message);
  if (request.command == IPVS_CMD_GET_DEST)
    return std::make_unique<ServerDump>(director_, message,
                                        request.service ? director_.find(request.service.value.key) : nullptr);
  if (request.command != IPVS_CMD_GET_DAEMON) return say(message, EOPNOTSUPP);
  Writer writer(message);
  for (const SyncDaemon& daemon : director_.sync_daemons()) write(writer, NLM_F_MULTI, daemon);
  writer.done();
  return std::make_unique<Said>(std::vector{writer.take()});
}

std::unique_ptr<Answer> Conversation::get(const nlmsghdr& message, const Request& request) const {
  if (request.command == IPVS_CMD_GET_SERVICE) return get_service(message, request);
  Writer writer(message);
  if (request.command == IPVS_CMD_GET_INFO)
    write_info(writer, connection_table_size_);
  else
    write(writer, director_.table().settings());
  return finish(message, writer);
}

std::unique_ptr<Answer> Conversation::get_service(const nlmsghdr& message, const Request& request) const {
  if (!request.service) return say(message, request.service.error);
  const auto service = director_.find(request.service.value.key);
  if (!service) return say(message, ESRCH);
  Writer writer(message);
  write(writer, 0, row_of(director_, *service));
  return finish(message, writer);
}

}  // namespace fairway::control::ipvs
