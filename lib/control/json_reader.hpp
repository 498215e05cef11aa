// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/sync_daemon.hpp"
#include "service/marks.hpp"
#include "service/spec.hpp"

namespace fairway::control {

/// Reads the members of one JSON object. Keeps the first thing that is wrong; what is read after that means nothing. A
/// member that is asked for is known; need() and what says so complain if it is not there.
class JsonReader {
 public:
  using Json = nlohmann::json;

  /// `path` is how messages call the object; `error` stays empty as long as all is well.
  JsonReader(const Json& object, std::string path, std::string& error);

  const Json* find(const char* name);
  const Json* need(const char* name);  // null, and complained of, if it is missing

  std::optional<std::string> text(const char* name);
  std::optional<bool> flag(const char* name);
  std::optional<std::uint32_t> number(const char* name, std::uint32_t least, std::uint32_t most);
  std::optional<net::ServicePort> port(const char* name);
  std::optional<service::Forwarding> forwarding(const char* name);
  std::optional<service::SchedulerFlags> scheduler_flags(const char* name);  // an array of names
  std::optional<std::uint8_t> netmask(const char* name);                     // a number or a text
  std::optional<net::Protocol> protocol(const char* name);
  std::optional<net::Family> family(const char* name);
  std::optional<SyncRole> sync_role(const char* name);
  std::optional<net::Prefix> network(const char* name);
  std::optional<service::PortRange> ports(const char* name);  // a number or a text
  net::Address needed_address(const char* name);

  /// Of a value within this object.
  JsonReader inside(const Json& value, const std::string& name) const { return {value, path_of(name), error_}; }
  JsonReader needed_object(const char* name);
  std::span<const Json> list(const char* name);

  /// To be called when all members that there may be have been asked for.
  void refuse_others();
  void blame(const std::string& name, const std::string& what);

 private:
  std::string path_of(const std::string& name) const { return name.empty() ? path_ : path_ + "." + name; }
  std::optional<std::string> text_of(const char* name, const Json* member);
  std::optional<std::string> number_or_text(const char* name);
  template <class Parse>
  auto parsed(const char* name, const std::optional<std::string>& given, Parse parse, const char* complaint)
      -> decltype(parse(std::string_view()));

  const Json& object_;
  std::string path_;
  std::string& error_;
  std::vector<std::string_view> known_;
};

}  // namespace fairway::control
