// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/files.hpp"

#include <libmnl/libmnl.h>

#include <algorithm>
#include <string_view>

#include "control/ipvs/bridge.hpp"
#include "control/ipvs/text.hpp"
#include "control/ipvs/writer.hpp"

namespace fairway::control::ipvs {
namespace {

/// A file's text, made and sent piece by piece.
class File : public Answer {
 public:
  File(const nlmsghdr& request, std::string head) : writer_(request), text_(std::move(head)) {}

  Progress advance(std::string& datagram) final {
    if (!is_whole_ && text_.size() < piece) {
      const Progress progress = make_more(text_);
      is_whole_ = progress == Progress::done;
      if (has_failed()) return fail(datagram);
      if (progress == Progress::wait) return progress;
    }
    if (text_.size() >= piece || is_whole_) put_piece();
    const bool is_done = is_whole_ && text_.empty() && writer_.has_room();
    if (is_done) writer_.done();
    datagram = writer_.take();
    return is_done ? Progress::done : Progress::more;
  }

 protected:
  /// Appends some of the text; done: it was the last of it.
  virtual Progress make_more(std::string& text) = 0;
  virtual bool has_failed() const { return false; }

 private:
  static constexpr std::size_t piece = bridge::largest_datagram - 1024;

  void put_piece() {
    const std::size_t size = std::min(piece, text_.size());
    if (size == 0) return;
    writer_.begin(bridge::read_file, NLM_F_MULTI);
    writer_.append(std::span(text_).first(size));
    writer_.end();
    text_.erase(0, size);
  }

  Progress fail(std::string& datagram) {
    writer_.acknowledge(EIO);
    datagram = writer_.take();
    return Progress::done;
  }

  Writer writer_;
  std::string text_;  // not sent yet
  bool is_whole_ = false;
};

class ServiceFile final : public File {
 public:
  ServiceFile(const Director& director, std::uint32_t size, const nlmsghdr& request)
      : File(request, file_head(size)), director_(director), services_(director.services()) {}

 private:
  static constexpr std::size_t services_in_slice = 16;

  Progress make_more(std::string& text) override {
    const std::size_t end = std::min(services_.size(), done_ + services_in_slice);
    for (; done_ < end; ++done_) {
      const auto current = director_.find(services_[done_]->key);
      if (!current) continue;
      text += line_of(row_of(director_, *current));
      for (const service::Server& server : current->servers) text += line_of(row_of(director_, server));
    }
    return done_ < services_.size() ? Progress::more : Progress::done;
  }

  const Director& director_;
  std::vector<std::shared_ptr<const service::Service>> services_;
  std::size_t done_ = 0;
};

class StatisticsFile final : public File {
 public:
  StatisticsFile(const Director& director, const nlmsghdr& request)
      : File(request, statistics_text(director.total(), director.total_rates())) {}

 private:
  Progress make_more(std::string&) override { return Progress::done; }
};

class ConnectionFile final : public File {
 public:
  ConnectionFile(std::shared_ptr<Questions> questions, const nlmsghdr& request)
      : File(request, connection_head), walk_(std::move(questions)) {}

 private:
  static constexpr std::uint32_t connections_in_slice = 2048;

  Progress make_more(std::string& text) override {
    const Progress progress = walk_.advance(connections_in_slice);
    for (const worker::ConnectionRow& row : walk_.rows()) text += line_of(row);
    return progress;
  }
  bool has_failed() const override { return !walk_.error().empty(); }

  ConnectionWalk walk_;
};

}  // namespace

std::unique_ptr<Answer> read_file(const Director& director, const std::shared_ptr<Questions>& questions,
                                  std::uint32_t connection_table_size, const nlmsghdr& message) {
  std::string_view path(static_cast<const char*>(mnl_nlmsg_get_payload(&message)), mnl_nlmsg_get_payload_len(&message));
  path = path.substr(0, path.find('\0'));
  if (path == "/proc/net/ip_vs") return std::make_unique<ServiceFile>(director, connection_table_size, message);
  if (path == "/proc/net/ip_vs_stats") return std::make_unique<StatisticsFile>(director, message);
  if (path == "/proc/net/ip_vs_conn") return std::make_unique<ConnectionFile>(questions, message);
  return nullptr;
}

}  // namespace fairway::control::ipvs
