// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "unit/route/name_space.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace fairway::route {

void enter_new_namespace() {
  if (::unshare(CLONE_NEWNET) == 0) {
    if (run("ip link set lo up")) return;
  }
  std::fprintf(stderr, "skipped: no network namespace can be made here (%s); run as root\n", std::strerror(errno));
  std::exit(77);
}

OtherNamespace::OtherNamespace() {
  int ready[2];
  if (::pipe(ready) < 0) std::abort();
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::unshare(CLONE_NEWNET) == 0 && ::write(ready[1], "", 1) == 1) ::pause();
    ::_exit(1);
  }
  ::close(ready[1]);
  char byte;
  if (::read(ready[0], &byte, 1) != 1) std::abort();
  ::close(ready[0]);
}

OtherNamespace::~OtherNamespace() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

bool OtherNamespace::run(const std::string& command) const {
  return route::run("nsenter --net=/proc/" + name() + "/ns/net sh -c '" + command + "'");
}

bool OtherNamespace::enter() const {
  const int descriptor = ::open(("/proc/" + name() + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC);
  const bool entered = ::setns(descriptor, CLONE_NEWNET) == 0;
  ::close(descriptor);
  return entered;
}

bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

bool set_sysctl(const std::string& name, const std::string& value) {
  std::ofstream file("/proc/sys/" + name);
  return static_cast<bool>(file << value << std::flush);
}

int index_of(const std::string& link) { return static_cast<int>(::if_nametoindex(link.c_str())); }

Link link_of(Netlink& netlink, const std::string& name) {
  const auto links = netlink.links();
  if (!links) return {};
  const auto found = std::ranges::find(*links, name, &Link::name);
  return found == links->end() ? Link{} : *found;
}

bool wait_until(const std::vector<int>& descriptors, const std::function<bool()>& look,
                std::chrono::milliseconds limit) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + limit;
  std::vector<pollfd> waiting;
  for (int descriptor : descriptors) waiting.push_back({descriptor, POLLIN, 0});
  while (!look()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0 || ::poll(waiting.data(), waiting.size(), static_cast<int>(left)) <= 0) return look();
  }
  return true;
}

bool wait_for_event(Netlink& netlink, const std::function<bool(const Event&)>& is_it) {
  return wait_until({netlink.descriptor()}, [&] {
    std::vector<Event> events;
    const auto received = netlink.receive(events);
    return received && std::ranges::any_of(events, is_it);
  });
}

}  // namespace fairway::route
