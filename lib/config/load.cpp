// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/load.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "base/result.hpp"
#include "config/keys.hpp"
#include "config/mapping.hpp"
#include "config/text.hpp"
#include "config/tree.hpp"

namespace fairway::config {
namespace {

constexpr std::size_t largest_file = 64u << 20;  // a hundred thousand services are a tenth of it

base::Error unreadable(int error) { return {"the file cannot be read: " + std::string(std::strerror(error))}; }

base::Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (!file) return unreadable(errno);
  std::string text;
  char chunk[1 << 16];
  while (const std::size_t size = std::fread(chunk, 1, sizeof chunk, file.get())) {
    text.append(chunk, size);
    if (text.size() > largest_file) return base::Error{"the file is larger than 64 MiB"};
  }
  if (std::ferror(file.get()) != 0) return unreadable(errno);
  return text;
}

Loaded failed(Problems&& problems) {
  return {.configuration = std::nullopt, .problems = std::move(problems).sorted(), .warnings = {}};
}

Configuration finish(Draft&& draft) {
  Configuration made;
  made.director = std::move(draft.director.value);
  made.settings = draft.settings.value;
  for (Placed<PortDraft>& placed : draft.ports) made.ports.push_back(std::move(placed.value.port));
  for (const Placed<service::MarkRule>& placed : draft.marks) made.marks.push_back(placed.value);
  for (Placed<ServiceDraft>& placed : draft.services) {
    service::ServiceSpec& spec = made.services.emplace_back(std::move(placed.value.spec));
    for (const auto& server : placed.value.servers) spec.servers.push_back(server.value);
  }
  return made;
}

/// A file without the mapping `director` has its defaults.
Draft read_draft(const Node& root, Problems& problems) {
  Placed<Draft> file;
  read_mapping(nothing, director_keys(), "director", file.value.director, problems);
  read_mapping(root, file_keys(), "file", file, problems);
  if (file.is_read("ports") && file.value.ports.empty())
    problems.add(file.mark_of("ports"), "ports: there must be at least one");
  return std::move(file.value);
}

}  // namespace

Loaded load_text(std::string_view text, KnownScheduler known_scheduler, const Configuration* running) {
  Problems problems;
  if (const auto unfit = check_text(text)) {
    problems.add({unfit->line, unfit->column}, unfit->message);
    return failed(std::move(problems));
  }
  const auto tree = read_tree(text, problems);
  if (!tree) return failed(std::move(problems));
  if (tree->root == nullptr || tree->root->kind != Node::Kind::mapping) {
    problems.add({}, tree->root == nullptr || tree->root->kind == Node::Kind::null
                         ? "the file is empty"
                         : "the file is no mapping of keys to values");
    return failed(std::move(problems));
  }
  Draft draft = read_draft(*tree->root, problems);
  check_director(draft, problems);
  check_ports(draft, problems);
  check_marks(draft, problems);
  check_services(draft, known_scheduler, problems);
  if (running) check_running(draft, *running, problems);
  if (!problems.empty()) return failed(std::move(problems));
  find_doubts(draft, problems);
  return {.configuration = finish(std::move(draft)), .problems = {}, .warnings = std::move(problems).sorted()};
}

Loaded load(const std::string& path, KnownScheduler known_scheduler, const Configuration* running) {
  const auto text = read_file(path);
  if (text) return load_text(*text, known_scheduler, running);
  return {.configuration = std::nullopt, .problems = {{1, 1, text.error().message}}, .warnings = {}};
}

}  // namespace fairway::config
