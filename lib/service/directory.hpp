// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "net/headers.hpp"

namespace fairway::service {

/// What a packet's end is looked up by: protocol, address, service port. No padding, so it is hashed as bytes.
struct Endpoint {
  net::AddressBytes address;
  net::ServicePort port;
  net::Protocol protocol{};
  net::Family family = net::Family::ipv4;

  bool operator==(const Endpoint&) const = default;

  std::uint64_t hash() const noexcept {
    std::uint64_t words[2];
    std::memcpy(words, address.bytes.data(), sizeof words);
    const std::uint64_t rest = std::uint64_t{port.number.raw()} << 16 | static_cast<std::uint64_t>(protocol) << 8 |
                               static_cast<std::uint64_t>(family);
    // A multiplication carries upwards only: the shifts bring down what the last byte of an IPv6 address has changed.
    std::uint64_t h = (words[0] ^ rest * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
    h = (h ^ h >> 32 ^ words[1]) * 0xc4ceb9fe1a85ec53u;
    h = (h ^ h >> 32) * 0xff51afd7ed558ccdu;
    return h ^ h >> 32;
  }
};
static_assert(sizeof(Endpoint) == 20);

/// Endpoint → pointer, read by every worker while control writes: open addressing over an array of atomic pointers, at
/// most half full. Putting another pointer for a known endpoint is one store. Readers never wait; what was replaced or
/// removed (nodes, outgrown arrays) is handed to `retire`, which must keep it until no reader can hold it.
template <class T>
class Directory {
 public:
  using Retire = void (*)(void* context, std::shared_ptr<const void> garbage);

  Directory(Retire retire, void* context) : retire_(retire), context_(context) { use(make_slots(least)); }
  ~Directory() {
    for (std::size_t i = 0; i <= slots_->mask; ++i) delete real_node(slots_->at[i].load(std::memory_order_relaxed));
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// Any thread. Null if there is none.
  const T* find(const Endpoint& endpoint) const noexcept {
    const Slots* slots = current_.load(std::memory_order_acquire);
    for (std::size_t i = endpoint.hash() & slots->mask;; i = (i + 1) & slots->mask) {
      const Node* node = slots->at[i].load(std::memory_order_acquire);
      if (!node) return nullptr;
      if (node != tombstone() && node->endpoint == endpoint) return node->value.load(std::memory_order_acquire);
    }
  }

  /// Control only. Enters or replaces; the old value, if any, is the caller's to retire.
  void put(const Endpoint& endpoint, const T* value) {
    if (Node* node = find_node(endpoint)) {
      node->value.store(value, std::memory_order_release);
      return;
    }
    if (2 * (used_ + 1) > slots_->mask + 1) grow();
    insert(*slots_, new Node{endpoint, value});
    ++used_;
    ++size_;
  }

  /// Control only. False if it was not there.
  bool remove(const Endpoint& endpoint) {
    const std::size_t i = find_slot(endpoint);
    if (i == none) return false;
    Node* node = slots_->at[i].load(std::memory_order_relaxed);
    slots_->at[i].store(tombstone(), std::memory_order_release);
    --size_;
    retire_(context_, std::shared_ptr<const void>(node, [](const void* n) { delete static_cast<const Node*>(n); }));
    return true;
  }

  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t least = 64, none = ~std::size_t{0};

  struct Node {
    Endpoint endpoint;
    std::atomic<const T*> value;
  };
  struct Slots {
    std::size_t mask;
    std::unique_ptr<std::atomic<Node*>[]> at;
  };

  /// Marks a place that was taken: a search goes on past it.
  static Node* tombstone() {
    static Node node{};
    return &node;
  }
  static Node* real_node(Node* node) { return node == tombstone() ? nullptr : node; }

  static std::shared_ptr<Slots> make_slots(std::size_t count) {
    return std::make_shared<Slots>(Slots{count - 1, std::make_unique<std::atomic<Node*>[]>(count)});
  }

  void use(std::shared_ptr<Slots> slots) {
    current_.store(slots.get(), std::memory_order_release);
    if (slots_) retire_(context_, std::move(slots_));
    slots_ = std::move(slots);
  }

  static void insert(Slots& slots, Node* node) {
    std::size_t i = node->endpoint.hash() & slots.mask;
    while (slots.at[i].load(std::memory_order_relaxed)) i = (i + 1) & slots.mask;
    slots.at[i].store(node, std::memory_order_release);
  }

  std::size_t find_slot(const Endpoint& endpoint) const {
    for (std::size_t i = endpoint.hash() & slots_->mask;; i = (i + 1) & slots_->mask) {
      Node* node = slots_->at[i].load(std::memory_order_relaxed);
      if (!node) return none;
      if (node != tombstone() && node->endpoint == endpoint) return i;
    }
  }
  Node* find_node(const Endpoint& endpoint) const {
    const std::size_t i = find_slot(endpoint);
    return i == none ? nullptr : slots_->at[i].load(std::memory_order_relaxed);
  }

  /// A new array, without tombstones, at most a quarter full.
  void grow() {
    auto slots = make_slots(std::max(least, std::bit_ceil(4 * (size_ + 1))));
    for (std::size_t i = 0; i <= slots_->mask; ++i)
      if (Node* node = real_node(slots_->at[i].load(std::memory_order_relaxed))) insert(*slots, node);
    used_ = size_;
    use(std::move(slots));
  }

  std::atomic<const Slots*> current_ = nullptr;  // control writes, workers read
  std::shared_ptr<Slots> slots_;
  std::size_t used_ = 0;  // nodes and tombstones
  std::size_t size_ = 0;
  Retire retire_;
  void* context_;
};

}  // namespace fairway::service
