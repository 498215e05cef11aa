// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/templates.hpp"

#include <algorithm>
#include <bit>

namespace fairway::conn {
namespace {

constexpr std::uint32_t second = 1000;             // milliseconds
constexpr std::uint32_t look_again = 60 * second;  // after this, as long as there are connections

}  // namespace

// Half full at the promised count: a bucket overflows seldom then, and only bindings are lost, never connections.
Templates::Templates(std::uint32_t count, const HashKey& key)
    : mask_(std::bit_ceil(std::max<std::uint32_t>(16, 2 * count / ways)) - 1),
      hash_(key),
      buckets_(std::size_t{mask_} + 1) {}

std::uint32_t Templates::hash(const TemplateKey& key) const noexcept {
  return hash_(net::Tuple6{.source = key.client.v6(),
                           .destination = key.virtual_address.v6(),
                           .destination_port = key.virtual_port,
                           .protocol = key.protocol}) &
         mask_;
}

Templates::Template* Templates::find(Bucket& bucket, const TemplateKey& key, base::Stamp now) noexcept {
  for (Template& one : bucket.templates) {
    if (!one.used || one.key != key) continue;
    if (one.connections > 0 || base::elapsed(one.last_used, now) < one.timeout * second) return &one;
    one.used = false;  // its time was over before this client came back
  }
  return nullptr;
}

/// An unused place, or that of a template whose time is over; one that still binds a client is not given up.
Templates::Template* Templates::take(Bucket& bucket, const TemplateKey& key, base::Stamp now) noexcept {
  for (Template& one : bucket.templates) {
    const bool is_over = one.connections == 0 && base::elapsed(one.last_used, now) >= one.timeout * second;
    if (one.used && !is_over) continue;
    one = {.key = key, .server = {}, .last_used = now, .timeout = 0, .connections = 0, .used = true};
    return &one;
  }
  return nullptr;
}

void Templates::release(Handle handle, base::Stamp now) noexcept {
  Bucket& bucket = buckets_[(handle - 1) / ways];
  Lock lock(bucket);
  Template& one = bucket.templates[(handle - 1) % ways];
  if (--one.connections > 0) return;
  const std::uint32_t age = base::elapsed(one.last_used, now), whole = one.timeout * second;
  if (age < whole) return;
  // Its timer ran out while it had connections, and has been set to 60 seconds again and again since.
  one.last_used = base::later(now, -((age - whole) % look_again));
  one.timeout = look_again / second;
}

}  // namespace fairway::conn
