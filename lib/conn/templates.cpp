// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/templates.hpp"

#include <algorithm>
#include <bit>

#include "conn/expiry.hpp"

namespace fairway::conn {
namespace {

constexpr std::uint32_t put_off_by = 60;           // seconds
constexpr std::uint32_t round = 1000;              // milliseconds in which each bucket is looked at
constexpr std::uint32_t most_at_once = 1024;       // buckets in one call
constexpr std::uint32_t farthest_look = 1u << 30;  // milliseconds: stamps further apart cannot be told in order

}  // namespace

// Half full at the promised count: a bucket overflows seldom then, and only bindings are lost, never connections.
Templates::Templates(std::uint32_t count, const HashKey& key)
    : mask_(std::bit_ceil(std::max<std::uint32_t>(16, 2 * count / ways)) - 1),
      hash_(key),
      buckets_(std::size_t{mask_} + 1),
      due_(std::size_t{mask_} + 1) {}

std::uint32_t Templates::hash(const TemplateKey& key) const noexcept {
  return hash_(net::Tuple6{.source = key.client.v6(),
                           .destination = key.virtual_address.v6(),
                           .destination_port = key.virtual_port,
                           .protocol = key.protocol}) &
         mask_;
}

/// Its time ran out while it had connections: it was set to 60 seconds, once or again and again.
void Templates::put_off(Template& one, base::Stamp now) noexcept {
  const std::uint32_t whole = one.timeout * second, age = base::elapsed(one.last_used, now);
  if (age < whole) return;
  one.last_used = base::later(now, -((age - whole) % (put_off_by * second)));
  one.timeout = put_off_by;
}

bool Templates::is_over(Template& one, base::Stamp now) noexcept {
  if (one.connections == 0) return base::elapsed(one.last_used, now) >= one.timeout * second;
  put_off(one, now);
  return false;
}

void Templates::end(Template& one, service::ServerLine* lines) noexcept {
  one.used = false;
  lines[one.server_id.value].persistent.subtract(1);
}

Templates::Template* Templates::find(std::uint32_t place, const TemplateKey& key, base::Stamp now,
                                     service::ServerLine* lines) noexcept {
  Template* found = nullptr;
  for (Template& one : buckets_[place].templates) {
    if (!one.used) continue;
    if (is_over(one, now))
      end(one, lines);
    else if (!one.replaced && one.key == key)
      found = &one;
  }
  return found;
}

/// An unused place, or that of a template which binds nobody and has no connections. Null: what still binds is not given up.
Templates::Template* Templates::take(std::uint32_t place, service::ServerLine* lines) noexcept {
  auto& templates = buckets_[place].templates;
  for (Template& one : templates)
    if (!one.used) return &one;
  for (Template& one : templates)
    if (one.replaced && one.connections == 0) {
      end(one, lines);
      return &one;
    }
  return nullptr;
}

Templates::Template* Templates::start(Template& one, const TemplateKey& key) noexcept {
  one = {};
  one.key = key;
  one.used = true;
  return &one;
}

/// Its bucket is full: the new one takes its place, and counts its connections as its own.
Templates::Template* Templates::take_over(Template& one, service::ServerLine* lines) noexcept {
  lines[one.server_id.value].persistent.subtract(1);
  one.replaced = one.assured = false;
  return &one;
}

void Templates::bind_to(Template& one, const service::Server& server, std::uint32_t timeout,
                        service::ServerLine* lines) noexcept {
  one.server_id = server.id;
  one.server = server.address.bytes;
  one.server_port = server.port;
  one.timeout = timeout;
  lines[server.id.value].persistent.add(1);
}

void Templates::assure(Handle handle) noexcept {
  Lock lock(buckets_[place_of(handle)]);
  at(handle).assured = true;
}

void Templates::release(Handle handle, base::Stamp now) noexcept {
  Lock lock(buckets_[place_of(handle)]);
  put_off(at(handle), now);
  --at(handle).connections;
}

void Templates::release_early(Handle handle, base::Stamp now, service::ServerLine* lines) noexcept {
  Lock lock(buckets_[place_of(handle)]);
  Template& one = at(handle);
  put_off(one, now);
  if (--one.connections == 0 && !one.assured) end(one, lines);
}

void Templates::arm(std::uint32_t place, base::Stamp due, base::Stamp now) noexcept {
  const std::uint32_t in = std::min(base::elapsed(now, due), farthest_look);
  const std::uint32_t armed = due_[place].load(std::memory_order_relaxed);
  if (armed != 0 && (base::is_due({armed}, now) || base::elapsed(now, {armed}) <= in)) return;
  due_[place].store(base::later(now, in).milliseconds | 1, std::memory_order_relaxed);
}

Templates::Share Templates::share_of(unsigned worker, unsigned workers, base::Stamp now) const noexcept {
  const auto bound = [&](std::uint64_t number) { return static_cast<std::uint32_t>(number * buckets() / workers); };
  return {.first = bound(worker), .end = bound(worker + 1), .next = bound(worker), .swept = now};
}

bool Templates::sweep(Share& share, base::Stamp now, service::ServerLine* lines) noexcept {
  const std::uint32_t size = share.end - share.first;
  const std::uint64_t passed = std::min(base::elapsed(share.swept, now), round);
  const std::uint64_t wanted = passed * size / round;
  if (wanted == 0) return false;
  const std::uint64_t count = std::min<std::uint64_t>(wanted, most_at_once);
  // What is left of a bucket's time counts with the next call. Where a millisecond takes several buckets it is used up by
  // them, else they would be looked at in every call of that millisecond.
  const std::uint64_t used = (count * round + (size > round ? size - 1 : 0)) / size;
  share.swept = base::later(now, static_cast<std::uint32_t>(used) - static_cast<std::uint32_t>(passed));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint32_t due = due_[share.next].load(std::memory_order_relaxed);
    if (due != 0 && base::is_due({due}, now)) end_overdue(share.next, now, lines);
    if (++share.next == share.end) share.next = share.first;
  }
  return count < wanted;
}

void Templates::end_overdue(std::uint32_t place, base::Stamp now, service::ServerLine* lines) noexcept {
  Lock lock(buckets_[place]);
  due_[place].store(0, std::memory_order_relaxed);
  for (Template& one : buckets_[place].templates) {
    if (!one.used) continue;
    if (is_over(one, now))
      end(one, lines);
    else
      arm(place, base::later(one.last_used, one.timeout * second), now);
  }
}

std::uint32_t Templates::copy(std::uint32_t place, base::Stamp now, std::array<TemplateRow, ways>& rows) noexcept {
  if (due_[place].load(std::memory_order_relaxed) == 0) return 0;
  Lock lock(buckets_[place]);
  std::uint32_t count = 0;
  for (Template& one : buckets_[place].templates) {
    if (!one.used || is_over(one, now)) continue;
    const bool is_of_all_ports = one.key.virtual_port.host() == 0 || one.key.virtual_port == service::ftp_port;
    rows[count] = {.key = one.key,
                   .server_id = one.server_id,
                   .server = {one.key.family, one.server},
                   .server_port = is_of_all_ports ? net::ServicePort() : one.server_port,
                   .expires = seconds_left(one.last_used, one.timeout, now),
                   .connections = one.connections,
                   .assured = one.assured,
                   .replaced = one.replaced};
    if (is_of_all_ports) rows[count].key.virtual_port = {};
    ++count;
  }
  return count;
}

}  // namespace fairway::conn
