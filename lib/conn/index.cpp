// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/index.hpp"

namespace fairway::conn {

bool Index::put(Bucket& bucket, std::uint16_t tag, Reference reference) noexcept {
  const std::uint32_t empty = places_of(bucket, 0);
  if (empty == 0) return false;
  const auto place = static_cast<std::size_t>(std::countr_zero(empty));
  bucket.tags[place] = tag;
  bucket.references[place] = reference;
  return true;
}

/// Moves one key of a full bucket into its other bucket, if that has room.
bool Index::make_place(std::size_t bucket) noexcept {
  Bucket& full = buckets_[bucket];
  for (std::size_t place = 0; place < places; ++place) {
    const std::uint16_t tag = full.tags[place];
    const std::size_t other = other_of(bucket, tag);
    if (other == bucket || !put(buckets_[other], tag ^ displaced, full.references[place])) continue;
    full.tags[place] = 0;
    if (tag & displaced)
      --buckets_[other].spilled;  // it is at home now
    else
      ++full.spilled;
    return true;
  }
  return false;
}

bool Index::insert(std::uint64_t hash, Reference reference) noexcept {
  const std::uint16_t tag = tag_of(hash);
  const std::size_t home = home_of(hash), other = other_of(home, tag);
  // At home, else in the other bucket, else where another key makes way.
  const auto put_at_home = [&] { return put(buckets_[home], tag, reference); };
  const auto put_elsewhere = [&] {
    if (other == home || !put(buckets_[other], away(tag), reference)) return false;
    ++buckets_[home].spilled;
    return true;
  };
  const bool is_in = put_at_home() || put_elsewhere() || (make_place(home) && put_at_home()) ||
                     (other != home && make_place(other) && put_elsewhere());
  if (is_in) ++size_;
  return is_in;
}

bool Index::take_out(std::size_t bucket, std::uint16_t tag, Reference reference) noexcept {
  for (std::uint32_t at = places_of(buckets_[bucket], tag); at != 0; at &= at - 1) {
    if (reference_at(bucket, at) != reference) continue;
    buckets_[bucket].tags[static_cast<std::size_t>(std::countr_zero(at))] = 0;
    return true;
  }
  return false;
}

void Index::erase(std::uint64_t hash, Reference reference) noexcept {
  const std::uint16_t tag = tag_of(hash);
  const std::size_t home = home_of(hash);
  if (!take_out(home, tag, reference)) {
    if (!take_out(other_of(home, tag), away(tag), reference)) return;
    --buckets_[home].spilled;
  }
  --size_;
}

}  // namespace fairway::conn
