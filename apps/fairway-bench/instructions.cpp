// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/instructions.hpp"

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace fairway::bench {
namespace {

constexpr const char* pipeline = "fairway::bench::Lines::measure_in_turn()";
constexpr const char* floor = "fairway::bench::Floor::run(*";
constexpr const char* counted = "Collected : ";  // what callgrind says at its end

/// What it prints on both outputs; nothing if it fails.
std::optional<std::string> output_of(std::vector<std::string> command) {
  std::array<int, 2> ends;
  if (pipe(ends.data()) != 0) return std::nullopt;
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return std::nullopt;
  return text;
}

/// This program again with the arguments of this run, without this count.
std::vector<std::string> command(int argc, char** argv, const char* function) {
  std::vector<std::string> all{"valgrind",
                               "--tool=callgrind",
                               "--callgrind-out-file=/dev/null",
                               "--collect-atstart=no",
                               std::string("--toggle-collect=") + function,
                               "/proc/self/exe"};
  std::array<char, 4096> path{};
  if (readlink("/proc/self/exe", path.data(), path.size() - 1) > 0) all.back() = path.data();
  for (int i = 1; i < argc; ++i)
    if (const std::string argument = argv[i]; argument != "--instructions" && argument != "--json")
      all.push_back(argument);
  for (const char* argument : {"--json", "--hugepages", "no", "--rounds", "1"}) all.push_back(argument);
  return all;
}

base::Result<double> count(int argc, char** argv, const char* function, const char* packets_key) {
  const auto text = output_of(command(argc, argv, function));
  if (!text) return base::Error{"valgrind could not be run, or the bench failed under it"};
  const std::size_t at = text->find(counted), json = text->find("{\"mode\"");
  if (at == std::string::npos || json == std::string::npos) return base::Error{"callgrind did not say what it counted"};
  const auto facts = nlohmann::json::parse(text->substr(json, text->find('\n', json) - json), nullptr, false);
  const double packets = facts.value(packets_key, 0.0);
  if (packets <= 0) return base::Error{"the bench did not say how many packets callgrind saw"};
  return std::stod(text->substr(at + std::string(counted).size())) / packets;
}

}  // namespace

base::Result<void> count_instructions(int argc, char** argv, Report& report) {
  const auto of_packet = count(argc, argv, pipeline, "measured_packets");
  if (!of_packet) return of_packet.error();
  const auto of_floor = count(argc, argv, floor, "floor_packets");
  if (!of_floor) return of_floor.error();
  report.facts["instructions_per_packet"] = rounded(*of_packet, 1);
  report.facts["floor_instructions_per_packet"] = rounded(*of_floor, 1);
  report.notes.push_back(fmt::format("instructions per packet: {:.1f}; floor: {:.1f}", *of_packet, *of_floor));
  return {};
}

}  // namespace fairway::bench
