// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

// The data path does not allocate, lock or call the system: this program stands between it and the C library, and a
// seccomp filter between it and the kernel, while the pipeline runs over DPDK's own index.
#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "support/world.hpp"

namespace {

/// What was seen while the watch was on. In memory that parent and child share.
struct Seen {
  std::uint64_t allocations, locks, system_calls;
  int last_system_call;
  std::uint64_t packets;
  std::array<std::uint64_t, fairway::forward::verdict_count> verdicts;
};

Seen* seen = nullptr;
thread_local bool is_watching = false;

void note(std::uint64_t Seen::*what) {
  if (is_watching) ++(seen->*what);
}

using Lock = int (*)(pthread_mutex_t*);
const Lock real_lock = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);

// operator new and delete end here too.
void* malloc(std::size_t size) noexcept {
  note(&Seen::allocations);
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  note(&Seen::allocations);
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  note(&Seen::allocations);
  return __libc_realloc(memory, size);
}
void free(void* memory) noexcept {
  note(&Seen::allocations);
  __libc_free(memory);
}
int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  note(&Seen::locks);
  return real_lock ? real_lock(mutex) : 0;  // before this program's own start there is one thread
}

}  // extern "C"

namespace {

using namespace fairway;
using namespace fairway::tests;
using forward::Verdict;

void on_system_call(int, siginfo_t* info, void*) {
  ++seen->system_calls;
  seen->last_system_call = info->si_syscall;
}

/// From here on every system call of this thread but _exit is counted, and not carried out.
void forbid_system_calls() {
  struct sigaction action {};
  action.sa_sigaction = on_system_call;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, nullptr);
  std::array<sock_filter, 5> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()), .filter = filter.data()};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(2);
}

/// Runs `prepare` in a child process, then what it returns under watch; returns what was seen.
template <class F>
Seen watch(F&& prepare) {
  seen = static_cast<Seen*>(mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  REQUIRE(seen != MAP_FAILED);
  *seen = {};
  const pid_t child = fork();
  if (child == 0) {
    auto work = prepare();
    forbid_system_calls();
    is_watching = true;
    work();
    is_watching = false;
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  const Seen result = *seen;
  munmap(seen, sizeof(Seen));
  return result;
}

/// Packets of every kind that a burst can meet.
std::vector<PacketSpec> kinds() {
  std::vector<PacketSpec> specs;
  for (const char* virtual_address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"})
    for (const std::uint8_t flags : {tcp_syn, tcp_ack, std::uint8_t(tcp_fin | tcp_ack), tcp_rst})
      specs.push_back({.destination = virtual_address, .flags = flags});
  for (const std::uint8_t ttl : {std::uint8_t{1}, std::uint8_t{2}})
    specs.push_back({.destination = "192.0.2.1", .flags = tcp_syn, .ttl = ttl});
  specs.push_back({.destination = "192.0.2.3", .flags = tcp_syn, .fragment = 0x4000, .payload = 1460});
  specs.push_back({.destination = "192.0.2.3", .flags = tcp_syn, .fragment = 0, .payload = 1460});
  specs.push_back({.destination = "192.0.2.4", .flags = tcp_syn});  // a service without servers
  specs.push_back({.destination = "192.0.2.9", .flags = tcp_syn});  // no service
  specs.push_back({.destination = "192.0.2.1", .flags = tcp_syn, .fragment = 0x2000});
  specs.push_back({.destination = "192.0.2.5", .destination_port = 8080, .flags = tcp_syn});  // a persistent service
  specs.push_back({.destination = "192.0.2.6", .destination_port = 53, .protocol = net::Protocol::udp});  // one-packet
  specs.push_back({.destination = "192.0.2.7", .flags = tcp_syn});                                        // by mark
  specs.push_back({.destination = "192.0.2.8", .flags = tcp_syn});  // the director itself
  specs.push_back({.tags = {7}, .destination = "192.0.2.2", .flags = tcp_syn});
  return specs;
}

/// Ten thousand bursts of the packets above with ever new clients, a second apart from each other, over a table that is
/// too small for them: opening, data, closing, expiry, eviction, answers and drops.
class Campaign {
 public:
  Campaign() {
    constexpr std::array methods{service::Forwarding::nat, service::Forwarding::dr, service::Forwarding::tun};
    for (unsigned i = 0; i < methods.size(); ++i) {
      const auto key = key_of("192.0.2." + std::to_string(i + 1));
      world_.services.add(key, "wlc");
      for (unsigned number = 1; number <= 3; ++number)
        world_.services.add_server(key, server_spec(site::server_address(3 * i + number), 80, methods[i]));
    }
    world_.services.add(key_of("192.0.2.4"), "rr");
    world_.services.add(
        {.name = {},
         .key = key_of("192.0.2.5", 0),
         .scheduler = "rr",
         .persistence = 5,
         .servers = {server_spec(site::server_address(1), 0), server_spec(site::server_address(2), 0)}});
    world_.services.add({.name = {},
                         .key = key_of("192.0.2.6", 53, net::Protocol::udp),
                         .scheduler = "rr",
                         .persistence = 5,
                         .one_packet = true,
                         .servers = {server_spec(site::server_address(3), 53)}});
    world_.services.mark({{.mark = 7, .destination = net::parse_prefix("192.0.2.7/32")}});
    world_.services.add(service::mark_key(7), "rr", {server_spec(site::server_address(4), 0)});
    world_.services.add(key_of("192.0.2.8"), "rr", {server_spec("10.0.0.254", 8080)});
    for (const PacketSpec& spec : kinds()) {
      templates_.push_back(build(spec));
      views_.push_back(frames_.emplace_back(spec).view(site::outside));
    }
    world_.context().routes = &world_.routes;
  }

  void operator()() {
    for (std::uint32_t round = 0; round < 10'000; ++round) {
      for (std::uint32_t i = 0; i < views_.size(); ++i) fill(i, round);
      burst_.begin(static_cast<std::uint32_t>(views_.size()));
      forward::run(burst_, world_.connections(), world_.context());
      for (std::uint32_t i = 0; i < burst_.count; ++i) ++seen->verdicts[static_cast<std::size_t>(burst_.verdicts[i])];
      seen->packets += burst_.count;
      auto& now = world_.context().now;
      now = base::later(now, 100);
      world_.connections().end_burst(now, 256);
      world_.templates.sweep(world_.worker().template_share, now, world_.context().lines);
    }
  }

 private:
  /// The packet as built, of a client of this round: packets of one kind of eight rounds belong to one flow.
  void fill(std::uint32_t i, std::uint32_t round) {
    burst_.packets[i] = views_[i];
    std::memcpy(views_[i].frame, templates_[i].data(), templates_[i].size());
    const std::size_t source_port = templates_[i][12] == 0x81 ? 38 : 34;  // behind a VLAN tag or not
    const net::Big16 port(static_cast<std::uint16_t>(1024 + round / 8 % 60'000));
    std::memcpy(views_[i].frame + source_port, &port, sizeof port);
  }

  World world_{1, 256};
  std::deque<Frame> frames_;
  std::vector<Bytes> templates_;
  std::vector<net::PacketView> views_;
  forward::Burst burst_;
};

}  // namespace

TEST_CASE("ten thousand bursts of all kinds do without allocation, lock and system call") {
  const Seen result = watch([] { return [campaign = std::make_shared<Campaign>()] { (*campaign)(); }; });
  INFO("the last system call was number " << result.last_system_call);
  CHECK(result.allocations == 0);
  CHECK(result.locks == 0);
  CHECK(result.system_calls == 0);
  CHECK(result.packets == 10'000 * kinds().size());
  for (const Verdict verdict :
       {Verdict::transmit, Verdict::to_kernel, Verdict::answer_port_unreachable, Verdict::answer_fragmentation_needed,
        Verdict::answer_time_exceeded, Verdict::drop_fragment, Verdict::drop_too_big}) {
    INFO(forward::name(verdict));
    CHECK(result.verdicts[static_cast<std::size_t>(verdict)] > 0);
  }
}

TEST_CASE("the watch sees an allocation, a lock and a system call") {
  const Seen result = watch([] {
    return [] {
      pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
      delete new std::vector<int>(100);
      pthread_mutex_lock(&mutex);
      syscall(SYS_getppid);
    };
  });
  CHECK(result.allocations >= 4);
  CHECK(result.locks == 1);
  CHECK(result.system_calls == 1);
  CHECK(result.last_system_call == SYS_getppid);
}
