// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace fairway::conn {

/// What an index keeps of a tuple: the connection's slot, and whether the tuple is that of its replies.
struct Reference {
  std::uint32_t packed = 0;

  static constexpr Reference to(std::uint32_t slot, bool reply) { return {slot << 1 | (reply ? 1u : 0u)}; }
  constexpr std::uint32_t slot() const { return packed >> 1; }
  constexpr bool is_reply() const { return (packed & 1u) != 0; }
  constexpr bool operator==(const Reference&) const = default;
};

constexpr std::size_t largest_burst = 32;

/// A hash index that keeps no keys: whether a reference is the one that is looked for is seen in the connection's own
/// line, which its packet needs anyway. So a lookup waits for two cache lines, the bucket's and the connection's, where a
/// table with keys waits for three.
///
/// A key has two buckets of ten places, its home and another; it lies at home if there is room. From either bucket and the
/// 15 bits of the hash that lie beside the reference (the tag) follows the other one, so that keys can be moved without
/// their hashes. The number of buckets need not be a power of two. Hashes must be keyed (hash.hpp): keys of one home and
/// one tag have room for twenty.
class Index {
 public:
  static constexpr std::size_t places = 10;

  /// One cache line; of zero bytes it is empty.
  struct alignas(64) Bucket {
    std::array<std::uint16_t, places> tags;  // 0: no key; the highest bit: it is not at home here
    std::uint16_t spilled;                   // keys that have their home here and lie elsewhere
    std::uint16_t unused;
    std::array<Reference, places> references;
  };
  static_assert(sizeof(Bucket) == 64);

  /// Buckets for so many keys, filled to five eighths: then one key of fifty is not at home, and a place is always found.
  static constexpr std::size_t buckets_for(std::size_t keys) { return keys * 4 / 25 + 8; }

  explicit Index(std::span<Bucket> buckets) : buckets_(buckets) {}

  std::size_t size() const noexcept { return size_; }

  /// The reference with this hash for which `matches(reference)` is true.
  template <class Matches>
  std::optional<Reference> find(std::uint64_t hash, Matches&& matches) const noexcept {
    const std::uint16_t tag = tag_of(hash);
    const std::size_t home = home_of(hash);
    for (std::uint32_t at = places_of(buckets_[home], tag); at != 0; at &= at - 1)
      if (const Reference reference = reference_at(home, at); matches(reference)) return reference;
    if (buckets_[home].spilled == 0) return std::nullopt;
    const std::size_t other = other_of(home, tag);
    for (std::uint32_t at = places_of(buckets_[other], away(tag)); at != 0; at &= at - 1)
      if (const Reference reference = reference_at(other, at); matches(reference)) return reference;
    return std::nullopt;
  }

  /// Looks up a set of hashes at once (`wanted`, by bit; their home buckets should be on their way into the cache), in
  /// steps, so that the cache misses overlap: `prefetch(reference)` is called for what is probably meant, later
  /// `matches(i, reference)`, and `found(i, reference)` where that is so, in order. Returns the set of those not found.
  template <class Prefetch, class Matches, class Found>
  [[gnu::always_inline]] std::uint64_t find_burst(std::uint64_t wanted, const std::uint64_t* hashes,
                                                  Prefetch&& prefetch, Matches&& matches,
                                                  Found&& found) const noexcept {
    std::array<std::uint32_t, largest_burst> guesses;
    std::uint64_t guessed = wanted, elsewhere = 0;
    for (std::uint64_t left = wanted; left != 0; left &= left - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(left));
      const std::uint16_t tag = tag_of(hashes[i]);
      const std::size_t home = home_of(hashes[i]);
      if (const std::uint32_t at = places_of(buckets_[home], tag); at != 0) [[likely]] {
        guesses[i] = reference_at(home, at).packed;
        prefetch(Reference{guesses[i]});
        continue;
      }
      guessed &= ~(std::uint64_t{1} << i);
      if (buckets_[home].spilled == 0) continue;
      __builtin_prefetch(&buckets_[other_of(home, tag)]);
      elsewhere |= std::uint64_t{1} << i;
    }
    for (; elsewhere != 0; elsewhere &= elsewhere - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(elsewhere));
      const std::uint16_t tag = tag_of(hashes[i]);
      const std::size_t other = other_of(home_of(hashes[i]), tag);
      if (const std::uint32_t at = places_of(buckets_[other], away(tag)); at != 0) {
        guesses[i] = reference_at(other, at).packed;
        prefetch(Reference{guesses[i]});
        guessed |= std::uint64_t{1} << i;
      }
    }
    std::uint64_t missed = wanted & ~guessed;
    for (; guessed != 0; guessed &= guessed - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(guessed));
      Reference reference{guesses[i]};
      if (!matches(i, reference)) [[unlikely]] {  // another key with the same tag
        const auto right = find(hashes[i], [&](Reference its) { return matches(i, its); });
        if (!right) {
          missed |= std::uint64_t{1} << i;
          continue;
        }
        reference = *right;
      }
      found(i, reference);
    }
    return missed;
  }

  /// Brings the home bucket of a hash into the cache that is to be inserted or erased soon.
  void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&buckets_[home_of(hash)], 1); }

  /// The key must not be there. False: there is no room for it, which keyed hashes make as good as impossible while there
  /// are no more keys than buckets_for() was asked for.
  bool insert(std::uint64_t hash, Reference reference) noexcept;
  /// The reference must be there.
  void erase(std::uint64_t hash, Reference reference) noexcept;

 private:
  static constexpr std::uint16_t displaced = 0x8000;

  static std::uint16_t away(std::uint16_t tag) noexcept { return static_cast<std::uint16_t>(tag | displaced); }
  static std::uint16_t tag_of(std::uint64_t hash) noexcept {
    const auto tag = static_cast<std::uint16_t>(hash >> 49);
    return tag == 0 ? std::uint16_t{1} : tag;
  }
  std::size_t home_of(std::uint64_t hash) const noexcept { return (hash & 0xffffffffu) * buckets_.size() >> 32; }
  /// Of either bucket of a key, the other: their numbers add up to one that follows from the tag. Both may be the same.
  std::size_t other_of(std::size_t bucket, std::uint16_t tag) const noexcept {
    const std::uint32_t spread = (tag & ~std::uint32_t{displaced}) * 0x9e3779b1u;
    const std::size_t sum = std::size_t{spread} * buckets_.size() >> 32;
    return sum >= bucket ? sum - bucket : sum + buckets_.size() - bucket;
  }
  Reference reference_at(std::size_t bucket, std::uint32_t at) const noexcept {
    return buckets_[bucket].references[static_cast<std::size_t>(std::countr_zero(at))];
  }

  /// The places of a bucket with this tag (0: those without a key), by bit.
  static std::uint32_t places_of(const Bucket& bucket, std::uint16_t tag) noexcept {
#if defined(__SSE2__)
    const auto* tags = reinterpret_cast<const __m128i*>(bucket.tags.data());
    const __m128i wanted = _mm_set1_epi16(static_cast<short>(tag));
    const __m128i first = _mm_cmpeq_epi16(_mm_load_si128(tags), wanted);
    const __m128i rest = _mm_cmpeq_epi16(_mm_loadl_epi64(tags + 1), wanted);
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(first, rest))) & ((1u << places) - 1);
#else
    std::uint32_t found = 0;
    for (std::uint32_t place = 0; place < places; ++place) found |= (bucket.tags[place] == tag ? 1u : 0u) << place;
    return found;
#endif
  }

  static bool put(Bucket& bucket, std::uint16_t tag, Reference reference) noexcept;
  bool make_place(std::size_t bucket) noexcept;
  bool take_out(std::size_t bucket, std::uint16_t tag, Reference reference) noexcept;

  std::span<Bucket> buckets_;
  std::size_t size_ = 0;
};

}  // namespace fairway::conn
