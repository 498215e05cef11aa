// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/lazy_array.hpp"
#include "base/time.hpp"
#include "conn/hash.hpp"
#include "service/service.hpp"

namespace fairway::conn {

/// Who is bound to a server: a client of a service.
struct TemplateKey {
  net::AddressBytes client;
  net::AddressBytes virtual_address;
  net::ServicePort virtual_port;
  net::Protocol protocol{};
  net::Family family = net::Family::ipv4;

  bool operator==(const TemplateKey&) const = default;
};
static_assert(sizeof(TemplateKey) == 36);

/// Persistence templates: they bind a client to a server over several connections. The one table that all workers share,
/// since a client's connections are spread over them. A bucket of seven templates has a lock of its own, held for one
/// search of it and, for a new client, one choice of the scheduler, so that two workers that open for one client at once
/// get the same server. It is taken when a connection of a persistent service opens or ends, and never else.
///
/// A template lives for the service's timeout since its last new connection, and as long as it has connections; when
/// its time is over while it has some, it is looked at again every 60 seconds (the kernel's rule).
class Templates {
 public:
  using Handle = std::uint32_t;  // of a template that has connections; 0: none

  struct Binding {
    Handle handle = 0;  // to be released when the connection ends; 0: there was no room for a template
    service::ServerId server;
  };

  /// Room for `count` templates at least; memory that is not used is not touched.
  Templates(std::uint32_t count, const HashKey& key);
  Templates(const Templates&) = delete;
  Templates& operator=(const Templates&) = delete;

  /// Any worker. The server of this client: the one it is bound to if `is_usable(server)`, whatever its weight, else what
  /// `choose()` returns, if anything, which it is bound to for `timeout` seconds. A template that is replaced keeps count of
  /// its connections.
  template <class IsUsable, class Choose>
  std::optional<Binding> bind(const TemplateKey& key, std::uint32_t timeout, base::Stamp now, IsUsable&& is_usable,
                              Choose&& choose) noexcept {
    const std::uint32_t place = hash(key);
    Lock lock(buckets_[place]);
    Template* found = find(buckets_[place], key, now);
    if (!found || !is_usable(found->server)) {
      const std::optional<service::ServerId> chosen = choose();
      if (!chosen) return std::nullopt;
      if (!found) found = take(buckets_[place], key, now);
      if (!found) return Binding{.handle = 0, .server = *chosen};
      found->server = *chosen;
    }
    found->last_used = now;
    found->timeout = timeout;
    ++found->connections;
    return Binding{.handle = handle_of(place, *found), .server = found->server};
  }

  /// Any worker: a connection of this template ended.
  void release(Handle handle, base::Stamp now) noexcept;

 private:
  struct Template {
    TemplateKey key;
    service::ServerId server;
    base::Stamp last_used;
    std::uint32_t timeout;      // seconds
    std::uint32_t connections;  // of it
    bool used;
  };
  static constexpr std::size_t ways = 7;
  struct alignas(64) Bucket {
    std::atomic_flag lock;
    std::array<Template, ways> templates;
  };

  class Lock {
   public:
    explicit Lock(Bucket& bucket) noexcept : lock_(bucket.lock) {
      while (lock_.test_and_set(std::memory_order_acquire))
        while (lock_.test(std::memory_order_relaxed)) {}
    }
    ~Lock() { lock_.clear(std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    std::atomic_flag& lock_;
  };

  std::uint32_t hash(const TemplateKey& key) const noexcept;
  Template* find(Bucket& bucket, const TemplateKey& key, base::Stamp now) noexcept;
  Template* take(Bucket& bucket, const TemplateKey& key, base::Stamp now) noexcept;
  Handle handle_of(std::uint32_t place, const Template& one) const noexcept {
    return place * ways + static_cast<Handle>(&one - buckets_.get()[place].templates.data()) + 1;
  }

  std::uint32_t mask_;
  Hash hash_;
  base::LazyArray<Bucket> buckets_;
};

}  // namespace fairway::conn
