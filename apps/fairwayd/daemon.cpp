// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayd/daemon.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>

#include "config/device.hpp"
#include "control/director.hpp"
#include "control/http/api.hpp"
#include "control/http/server.hpp"
#include "control/ipvs/door.hpp"
#include "control/summary.hpp"
#include "fairwayd/keeping.hpp"
#include "fairwayd/loop.hpp"
#include "fairwayd/plan.hpp"
#include "fairwayd/reports.hpp"
#include "fairwayd/service_manager.hpp"
#include "route/mirror.hpp"
#include "route/tap.hpp"
#include "worker/runtime.hpp"

namespace fairway::daemon {
namespace {

using namespace std::chrono_literals;

/// The main thread's time; workers have a clock of their own.
base::Stamp stamp_now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return {static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count())};
}

constexpr auto mirror_tick = 100ms;  // between calls of Mirror::on_timer, each of which flushes

/// The mirror, as the director asks it. What a batch of commands asks for is published once, when the loop comes round.
class MirrorKeeper final : public control::NeighbourKeeper {
 public:
  explicit MirrorKeeper(asio::io_context& io) : io_(io) {}

  void use(route::Mirror& mirror) { mirror_ = &mirror; }
  void want(const net::Address& address) override {
    mirror_->want(address);
    flush_later();
  }
  void unwant(const net::Address& address) override {
    mirror_->unwant(address);
    flush_later();
  }

 private:
  /// What comes by itself is seen at once; of a hundred thousand that come one by one each flush would walk through all,
  /// so those that follow within a tick wait for the mirror's next one, which flushes.
  void flush_later() {
    const auto now = std::chrono::steady_clock::now();
    if (flush_is_due_ || now - last_flush_ < mirror_tick) return;
    flush_is_due_ = true;
    last_flush_ = now;
    asio::post(io_, [this] {
      flush_is_due_ = false;
      mirror_->flush();
    });
  }

  asio::io_context& io_;
  route::Mirror* mirror_ = nullptr;
  bool flush_is_due_ = false;
  std::chrono::steady_clock::time_point last_flush_{};
};

/// Warnings that can repeat: one a second, with the number of those left out.
class Complaints {
 public:
  void warn(const std::string& what) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < 1s) {
      ++left_out_;
      return;
    }
    if (left_out_ > 0) spdlog::warn("{} more warnings were left out", left_out_);
    left_out_ = 0;
    last_ = now;
    spdlog::warn("{}", what);
  }

 private:
  std::chrono::steady_clock::time_point last_{};
  std::uint64_t left_out_ = 0;
};

dpdk::Faces faces_of(config::Faces faces) {
  switch (faces) {
    case config::Faces::both: return dpdk::Faces::both;
    case config::Faces::clients: return dpdk::Faces::clients;
    case config::Faces::servers: return dpdk::Faces::servers;
  }
  return dpdk::Faces::both;
}

void log_dpdk(dpdk::Severity severity, std::string_view line) {
  constexpr std::array levels{spdlog::level::err, spdlog::level::warn, spdlog::level::debug};
  spdlog::log(levels[static_cast<std::size_t>(severity)], "DPDK: {}", line);
}

/// The interface of Linux whose packets the port takes; empty: it takes none's.
std::string taken_interface(const config::Port& port) {
  const auto device = config::parse_device(port.device);
  if (!device || (device->driver != "net_af_xdp" && device->driver != "net_af_packet")) return {};
  return std::string(device->linux_interface());
}

/// Everything that runs, in the order in which it comes to life; it ends in the opposite one.
class Daemon {
 public:
  Daemon(const config::Configuration& configuration, const std::string& file, Plan plan)
      : configuration_(configuration),
        plan_(std::move(plan)),
        keeping_(configuration, file),
        crew_(static_cast<unsigned>(plan_.eal.worker_cpus.size())),
        director_(crew_, keeper_) {}
  ~Daemon() {
    if (runtime_) runtime_->stop();
  }

  base::Result<void> start();
  void serve();

 private:
  base::Result<void> open_journal() { return keeping_.open(); }
  base::Result<void> check_linux_devices();
  base::Result<void> start_dpdk();
  base::Result<void> open_ports();
  base::Result<void> open_twins();
  base::Result<void> start_workers();
  base::Result<void> add_services();
  base::Result<void> open_control_socket();
  base::Result<void> open_ipvs_socket();
  void watch();

  void publish(std::shared_ptr<const route::Snapshot> routes);
  void follow_links();
  void resolve_wanted();
  void reload_on_hangup();
  void run(std::shared_ptr<control::Job> job);
  void log_summary();
  void warn_of_missing_addresses();
  std::vector<control::http::PortReport> port_reports() const;
  std::vector<control::http::NeighbourReport> neighbour_reports() const;
  std::vector<route::PortSettings> route_settings() const;

  const config::Configuration& configuration_;
  Plan plan_;
  Keeping keeping_;
  asio::io_context io_{1};
  asio::signal_set signals_{io_, SIGTERM, SIGINT};  // one that comes before serve() waits for it
  asio::signal_set hangups_{io_, SIGHUP};
  worker::Crew crew_;
  MirrorKeeper keeper_{io_};
  std::optional<dpdk::Eal> eal_;
  std::optional<dpdk::Pool> pool_;
  std::vector<dpdk::Port> ports_;
  std::vector<std::optional<route::Tap>> taps_;  // by port
  Complaints complaints_;
  std::unique_ptr<route::Mirror> mirror_;
  std::shared_ptr<const route::Snapshot> routes_;
  control::Director director_;
  std::unique_ptr<worker::Runtime> runtime_;
  std::unique_ptr<control::http::Api> api_;
  std::unique_ptr<control::http::Server> server_;
  std::unique_ptr<control::ipvs::Conversation> ipvs_;
  std::unique_ptr<control::ipvs::Door> ipvs_door_;
  control::Reading reading_;  // of the last summary
  std::vector<std::unique_ptr<Timer>> timers_;
  std::vector<std::unique_ptr<Watch>> watches_;
};

base::Result<void> Daemon::start() {
  for (auto step : {&Daemon::open_journal, &Daemon::check_linux_devices, &Daemon::start_dpdk, &Daemon::open_ports,
                    &Daemon::open_twins, &Daemon::start_workers, &Daemon::add_services, &Daemon::open_control_socket,
                    &Daemon::open_ipvs_socket})
    if (auto done = (this->*step)(); !done) return done;
  reading_ = control::read_counters(crew_, director_, std::chrono::steady_clock::now());
  watch();
  runtime_->open();
  const std::string status = fmt::format("{} services, {} workers", director_.table().size(), crew_.size());
  spdlog::info("ready: {}, control socket {}", status, configuration_.director.control_socket);
  notify_ready(status);
  return {};
}

base::Result<void> Daemon::start_dpdk() {
  auto eal = dpdk::Eal::start(plan_.eal, log_dpdk);
  if (!eal) return eal.error();
  eal_.emplace(std::move(*eal));
  auto pool = dpdk::Pool::create(plan_.pool);
  if (!pool) return pool.error();
  pool_.emplace(std::move(*pool));
  return {};
}

base::Result<void> Daemon::open_ports() {
  const auto workers = static_cast<std::uint16_t>(crew_.size());
  for (const config::Port& port : configuration_.ports) {
    dpdk::Pool* const pools[] = {&*pool_};
    auto opened = dpdk::Port::open({.device = port.device,
                                    .receive_queues = port.queues > 0 ? port.queues : workers,
                                    .transmit_queues = workers,
                                    .workers = workers,
                                    .faces = faces_of(port.faces),
                                    .mtu = port.mtu,
                                    .promiscuous = port.promiscuous,
                                    .receive_events = configuration_.director.idle == config::Idle::wait},
                                   pools);
    if (!opened) return base::Error{fmt::format("port {}: {}", port.name, opened.error().message)};
    spdlog::info("port {}: {} ({}), MAC {}, {} receive and {} transmit queues, steering: {}", port.name, port.device,
                 opened->driver(), net::to_string(opened->mac()), opened->receive_queues(), opened->transmit_queues(),
                 dpdk::to_string(opened->steering()));
    ports_.push_back(std::move(*opened));
  }
  return {};
}

std::vector<route::PortSettings> Daemon::route_settings() const {
  std::vector<route::PortSettings> settings;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const config::Port& port = configuration_.ports[i];
    settings.push_back({.id = {static_cast<std::uint16_t>(i)},
                        .name = port.name,
                        .twin = port.kernel_interface,
                        .mac = ports_[i].mac(),
                        .mtu = port.mtu,
                        .vlan = port.vlan,
                        .addresses = port.addresses,
                        .neighbours = port.neighbours,
                        .gateway = port.gateway,
                        .follow_link = port.follow_link,
                        .linux_interface = taken_interface(port)});
  }
  return settings;
}

base::Result<void> Daemon::check_linux_devices() {
  auto netlink = route::Netlink::open();
  if (!netlink) return netlink.error();
  for (const config::Port& port : configuration_.ports)
    if (const std::string interface = taken_interface(port); !interface.empty())
      if (auto checked = route::check_has_no_addresses(*netlink, interface); !checked) return checked;
  return {};
}

base::Result<void> Daemon::open_twins() {
  auto netlink = route::Netlink::open();
  if (!netlink) return netlink.error();
  for (const route::PortSettings& port : route_settings()) {
    taps_.emplace_back();
    if (port.twin.empty()) continue;
    auto tap = route::Tap::open(port.twin);
    if (!tap) return tap.error();
    taps_.back() = std::move(*tap);
    if (auto done = route::set_up_twin(*netlink, port); !done) return done;
  }
  auto mirror = route::Mirror::make(route_settings(),
                                    {.publish = [this](auto routes) { publish(std::move(routes)); },
                                     .complain = [this](const std::string& what) { complaints_.warn(what); }},
                                    stamp_now());
  if (!mirror) return mirror.error();
  mirror_ = std::move(*mirror);
  keeper_.use(*mirror_);
  return {};
}

base::Result<void> Daemon::start_workers() {
  std::vector<worker::PortWiring> wiring;
  for (std::size_t i = 0; i < ports_.size(); ++i)
    wiring.push_back({.port = &ports_[i],
                      .twin_descriptor = taps_[i] ? taps_[i]->descriptor() : -1,
                      .twin_vlan = configuration_.ports[i].vlan});
  spdlog::info("room for {} connections: {} MB of entries, {} MB of index, {} pages",
               configuration_.director.connections, plan_.tables.entries >> 20, plan_.tables.index >> 20,
               plan_.eal.hugepages ? "2 MB" : "4 KB");
  auto runtime = worker::Runtime::create(plan_.runtime, *eal_, *pool_, wiring, crew_, director_.table(),
                                         director_.statuses(), *routes_);
  if (!runtime) return runtime.error();
  runtime_ = std::move(*runtime);
  return runtime_->start();
}

base::Result<void> Daemon::add_services() {
  if (auto filled = keeping_.fill(director_); !filled) return filled;
  mirror_->flush();
  warn_of_missing_addresses();
  return {};
}

void Daemon::warn_of_missing_addresses() {
  for (const auto& service : director_.services())
    if (!service->key.is_mark() && !routes_->is_local(service->key.address))
      spdlog::warn("service {}: no twin has the address {} now", service->name, net::to_string(service->key.address));
}

base::Result<void> Daemon::open_control_socket() {
  api_ = std::make_unique<control::http::Api>(
      director_, crew_,
      control::http::Sources{.worker_cpus = plan_.eal.worker_cpus,
                             .ports = [this] { return port_reports(); },
                             .neighbours = [this] { return neighbour_reports(); },
                             .reload = [this](bool dry) { return keeping_.reload(dry); }});
  server_ = std::make_unique<control::http::Server>(
      io_, [this](control::Request request) { return api_->begin(std::move(request)); });
  return server_->listen(configuration_.director.control_socket);
}

base::Result<void> Daemon::open_ipvs_socket() {
  ipvs_ = std::make_unique<control::ipvs::Conversation>(
      director_, api_->questions(), configuration_.director.connections,
      [this](const std::string& what) { complaints_.warn("ipvs: " + what); });
  const auto may_edit = [own = geteuid()](uid_t user) { return user == 0 || user == own; };
  ipvs_door_ = std::make_unique<control::ipvs::Door>(io_, *ipvs_, may_edit);
  const auto& [given, beside] = std::tie(configuration_.director.ipvs_socket, configuration_.director.control_socket);
  return ipvs_door_->listen(given.empty() ? std::filesystem::path(beside).replace_filename("ipvs.sock").string()
                                          : given);
}

// Workers read the old snapshot until their next burst.
void Daemon::publish(std::shared_ptr<const route::Snapshot> routes) {
  std::shared_ptr<const route::Snapshot> before = std::move(routes_);
  routes_ = std::move(routes);
  for (std::size_t i = 0; i < ports_.size(); ++i)  // VRRP's virtual ones are of macvlans on a twin
    if (auto done = ports_[i].receive_for(routes_->ports[i].macs); !done) complaints_.warn(done.error().message);
  director_.routes_changed(routes_);
  if (!runtime_) return;
  runtime_->publish(*routes_);
  crew_.retire(std::move(before));
  crew_.collect();
}

void Daemon::resolve_wanted() {
  std::uint64_t count;
  [[maybe_unused]] const auto got = read(runtime_->control_descriptor(), &count, sizeof count);
  for (unsigned worker = 0; worker < crew_.size(); ++worker)
    crew_.channel(worker).take_wanted([&](const net::Address& address) { mirror_->resolve(address); });
}

std::vector<control::http::PortReport> Daemon::port_reports() const {
  std::vector<control::http::PortReport> reports;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const net::PortId id{static_cast<std::uint16_t>(i)};
    reports.push_back(report_of(configuration_.ports[i], ports_[i], runtime_->lane().twin_of(id)));
    reports.back().link = mirror_->linux_link(id).value_or(reports.back().link);
  }
  return reports;
}

std::vector<control::http::NeighbourReport> Daemon::neighbour_reports() const {
  std::vector<control::http::NeighbourReport> reports;
  for (const route::NeighbourReport& one : mirror_->report())
    reports.push_back(
        {.address = one.address, .port = one.port, .vlan = one.vlan, .mac = one.mac, .state = std::string(one.state)});
  return reports;
}

/// The carrier of a twin follows the link of its port, where the driver has a true one: VRRP needs to see it go. Where
/// the port is an interface of Linux, the mirror sees to it.
void Daemon::follow_links() {
  for (std::size_t i = 0; i < ports_.size(); ++i)
    if (taps_[i] && configuration_.ports[i].follow_link && ports_[i].has_true_link())
      if (auto done = mirror_->set_link({static_cast<std::uint16_t>(i)}, ports_[i].link().up); !done)
        complaints_.warn(done.error().message);
}

void Daemon::watch() {
  const auto every = [&](std::chrono::milliseconds period, std::function<void()> work) {
    timers_.push_back(std::make_unique<Timer>(io_, period, std::move(work)));
  };
  const auto on = [&](int descriptor, std::function<void()> work) {
    watches_.push_back(std::make_unique<Watch>(io_, descriptor, std::move(work)));
  };
  if (mirror_->descriptor() >= 0) on(mirror_->descriptor(), [this] { mirror_->on_readable(); });  // there are twins
  on(runtime_->control_descriptor(), [this] { resolve_wanted(); });
  every(mirror_tick, [this] { mirror_->on_timer(stamp_now()); });
  every(100ms, [this] {
    if (auto kept = director_.tick_journal(); !kept) complaints_.warn(kept.error().message);
  });
  every(500ms, [this] { follow_links(); });
  every(1s, [this] { crew_.collect(); });
  every(control::Estimator::period, [this] { director_.tick_rates(); });
  if (const unsigned seconds = configuration_.director.summary_interval; seconds > 0)
    every(std::chrono::seconds(seconds), [this] { log_summary(); });
  every(60s, [this] { director_.sweep(std::chrono::steady_clock::now()); });
}

void Daemon::log_summary() {
  const control::Reading now = control::read_counters(crew_, director_, std::chrono::steady_clock::now());
  spdlog::info("{}", control::summary(std::exchange(reading_, now), now));
}

void Daemon::reload_on_hangup() {
  hangups_.async_wait([this](boost::system::error_code error, int) {
    if (error) return;
    run(keeping_.reload(false));
    reload_on_hangup();
  });
}

/// A job whose answer nobody waits for.
void Daemon::run(std::shared_ptr<control::Job> job) {
  if (job->advance() == control::Job::Progress::done) return;
  auto timer = std::make_shared<asio::steady_timer>(io_, 1ms);
  timer->async_wait([this, timer, job](boost::system::error_code error) {
    if (!error) run(job);
  });
}

void Daemon::serve() {
  reload_on_hangup();
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    spdlog::info("stopping on {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    io_.stop();
  });
  io_.run();
  notify_stopping();
  server_->stop();
  ipvs_door_->stop();
  io_.restart();
  io_.poll();
  runtime_->stop();
}

}  // namespace

base::Result<void> run(const config::Configuration& configuration, const std::string& file) {
  auto plan = make_plan(configuration);
  if (!plan) return plan.error();
  Daemon daemon(configuration, file, std::move(*plan));
  if (auto started = daemon.start(); !started) return started;
  daemon.serve();
  return {};
}

}  // namespace fairway::daemon
