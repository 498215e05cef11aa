// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

// libFuzzer's target: the IPVS netlink conversation of a director without packets, fed with datagrams. tools/fuzz builds and
// runs it.
#include <libmnl/libmnl.h>

#include <algorithm>

#include "control/ipvs/bridge.hpp"
#include "control/ipvs/conversation.hpp"
#include "messages.hpp"
#include "require.hpp"
#include "support/control.hpp"

using namespace fairway;
using fuzz::require;

namespace {

constexpr int most_messages = 64, most_slices = 1000;

struct Door : test::ControlFixture {
  std::uint64_t complaints = 0;
  std::shared_ptr<control::Questions> questions = std::make_shared<control::Questions>(crew);
  control::ipvs::Conversation conversation{director, questions, 4096, [this](const std::string&) { ++complaints; }};

  /// As Client does it: message by message, what is none is passed over.
  void hear(std::span<const char> datagram, bool may_edit) {
    while (const nlmsghdr* message = datagram.empty() ? nullptr : control::ipvs::first_message(datagram)) {
      const std::size_t services = director.services().size();
      answer(*message, may_edit);
      require(director.services().size() <= services + 1, "a message adds one service at most");
      require(may_edit || director.services().size() == services, "who is not root changes nothing");
      datagram = datagram.subspan(std::min<std::size_t>(MNL_ALIGN(message->nlmsg_len), datagram.size()));
    }
  }

  void answer(const nlmsghdr& message, bool may_edit) {
    const auto answer = conversation.begin(message, may_edit);
    require(answer != nullptr, "a message has an answer");
    auto progress = control::Job::Progress::more;
    std::size_t heard_back = 0;
    for (int slices = 0; progress != control::Job::Progress::done; ++slices) {
      // Workers are asked for their connections, and there are none: such an answer is dropped, as when its client goes.
      if (progress == control::Job::Progress::wait && slices > 2) return;
      require(slices < most_slices, "an answer ends");
      std::string datagram;
      progress = answer->advance(datagram);
      heard_back += check(message, datagram);
      drain();
    }
    require(heard_back > 0 || (message.nlmsg_flags & NLM_F_ACK) == 0, "who wants a reply gets one");
  }

  /// Whole messages that belong to the request; how many.
  static std::size_t check(const nlmsghdr& request, const std::string& datagram) {
    require(datagram.size() <= control::ipvs::bridge::largest_datagram,
            "a datagram is no longer than a reader's buffer");
    const std::vector<char> bytes(datagram.begin(), datagram.end());
    int left = static_cast<int>(bytes.size());
    std::size_t count = 0;
    const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left), ++count)
      require(message->nlmsg_seq == request.nlmsg_seq && message->nlmsg_pid == request.nlmsg_pid,
              "an answer is that of its request");
    require(left == 0, "a datagram is made of whole messages");
    return count;
  }

  /// Nothing is left behind: services can be deleted, and their servers' neighbours are wanted no more.
  void end() {
    for (const auto& service : director.services())
      require(static_cast<bool>(director.apply(control::DeleteService{service->key})), "a service can be deleted");
    finish();
    require(director.services().empty() && director.table().size() == 0, "in the end there is no service");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input({data, size});
  Door door;
  std::vector<char> joined;
  for (int messages = 0; messages < most_messages && !input.is_at_end(); ++messages) {
    const fuzz::NetlinkMessage message = fuzz::read_message(input, 7);
    joined.insert(joined.end(), message.bytes.begin(), message.bytes.end());
    if (joined.size() > control::ipvs::bridge::largest_message)
      joined.clear();  // the door ends who says so much at once
    if (message.has_more) continue;
    const std::vector<char> datagram(joined.begin(), joined.end());  // in a block of exactly its size
    door.hear(datagram, message.may_edit);
    joined.clear();
  }
  door.end();
  return 0;
}
