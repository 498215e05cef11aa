// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>

/// Numbers by place in a service's list, with what they come to together kept over each eight, each 64, and so on: one
/// of thousands changes, or the least is found, in a few cache lines.
namespace fairway::sched {

constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

/// `Fold` says what eight numbers come to. All memory is taken when it is made, 9 bytes a place.
template <class Fold>
class Tree {
 public:
  using Value = std::uint64_t;
  static constexpr std::uint32_t fan = 8;

  explicit Tree(std::uint32_t size) : size_(size) {
    std::uint32_t total = 0;
    for (std::uint32_t width = size;; width = nodes_over(width)) {
      starts_[height_++] = total;
      total += nodes_over(width) * fan;
      if (width <= fan) break;
    }
    starts_[height_] = total;  // the root's value
    values_ = std::make_unique<Node[]>(total / fan + 1);
    for (std::uint32_t i = 0; i <= total; ++i) at(i) = Fold::nothing;
  }

  std::uint32_t size() const noexcept { return size_; }
  Value get(std::uint32_t place) const noexcept { return at(place); }
  Value root() const noexcept { return at(starts_[height_]); }

  void set(std::uint32_t place, Value value) noexcept {
    for (std::uint32_t level = 0, index = place;; ++level, index /= fan) {
      Value& it = at(starts_[level] + index);
      if (it == value) return;
      it = value;
      if (level == height_) return;
      value = Fold::of(node(level, index / fan));
    }
  }
  /// Like set(), but the rest is right only after seal().
  void assign(std::uint32_t place, Value value) noexcept { at(place) = value; }
  void seal() noexcept {
    for (std::uint32_t level = 0, width = size_; level < height_; ++level, width = nodes_over(width))
      for (std::uint32_t i = 0; i < nodes_over(width); ++i) at(starts_[level + 1] + i) = Fold::of(node(level, i));
  }

 protected:
  struct alignas(64) Node {
    std::array<Value, fan> values;
  };

  static std::uint32_t nodes_over(std::uint32_t width) noexcept { return (width + fan - 1) / fan; }
  Value& at(std::uint32_t i) noexcept { return values_[i / fan].values[i % fan]; }
  Value at(std::uint32_t i) const noexcept { return values_[i / fan].values[i % fan]; }
  const std::array<Value, fan>& node(std::uint32_t level, std::uint32_t index) const noexcept {
    return values_[starts_[level] / fan + index].values;
  }

  std::uint32_t size_;
  std::uint32_t height_ = 0;  // levels below the root's value
  std::array<std::uint32_t, 9> starts_{};
  std::unique_ptr<Node[]> values_;
};

struct Least {
  static constexpr std::uint64_t nothing = std::numeric_limits<std::uint64_t>::max();
  static std::uint64_t of(const std::array<std::uint64_t, 8>& v) noexcept {
    const auto less = [](std::uint64_t a, std::uint64_t b) { return a < b ? a : b; };
    return less(less(less(v[0], v[1]), less(v[2], v[3])), less(less(v[4], v[5]), less(v[6], v[7])));
  }
};

struct Sum {
  static constexpr std::uint64_t nothing = 0;
  static std::uint64_t of(const std::array<std::uint64_t, 8>& v) noexcept {
    return v[0] + v[1] + v[2] + v[3] + v[4] + v[5] + v[6] + v[7];
  }
};

class LeastTree : public Tree<Least> {
 public:
  using Tree::Tree;

  /// The first place of the least number.
  std::uint32_t first() const noexcept { return descend(height_, 0, root()); }
  /// The first place from this one on whose number is at most that large; nowhere if there is none.
  std::uint32_t next(std::uint32_t place, Value most) const noexcept {
    if (place >= size_) return nowhere;
    for (std::uint32_t level = 0, index = place; level < height_; ++level, index = index / fan + 1) {
      const auto& values = node(level, index / fan);
      for (std::uint32_t i = index % fan; i < fan; ++i)
        if (values[i] <= most) return found(level, index - index % fan + i, most);
      if (index / fan + 1 >= width_over(level)) return nowhere;
    }
    return nowhere;
  }

 private:
  std::uint32_t width_over(std::uint32_t level) const noexcept { return (starts_[level + 1] - starts_[level]) / fan; }
  std::uint32_t found(std::uint32_t level, std::uint32_t index, Value most) const noexcept {
    const std::uint32_t place = descend(level, index, most);
    return place < size_ ? place : nowhere;  // what lies behind the last one is as large as can be
  }
  /// Down from a number to the first place below it that is at most that large, which there must be.
  std::uint32_t descend(std::uint32_t level, std::uint32_t index, Value most) const noexcept {
    while (level > 0) {
      const auto& values = node(--level, index);
      std::uint32_t i = 0;
      while (i + 1 < fan && values[i] > most) ++i;
      index = index * fan + i;
    }
    return index;
  }
};

class SumTree : public Tree<Sum> {
 public:
  using Tree::Tree;

  /// The sum of the numbers before this place, which may be one behind the last.
  Value before(std::uint32_t place) const noexcept {
    if (place >= size_) return root();
    Value sum = 0;
    for (std::uint32_t level = 0, index = place; level < height_; ++level, index /= fan)
      if (index % fan != 0) {
        const auto& values = node(level, index / fan);
        for (std::uint32_t i = 0; i < index % fan; ++i) sum += values[i];
      }
    return sum;
  }
  /// The place whose number takes the sum beyond this one, which is below that of all.
  std::uint32_t find(Value sum) const noexcept {
    std::uint32_t index = 0;
    for (std::uint32_t level = height_; level > 0;) {
      const auto& values = node(--level, index);
      std::uint32_t i = 0;
      while (i + 1 < fan && sum >= values[i]) sum -= values[i++];
      index = index * fan + i;
    }
    return index;
  }
};

}  // namespace fairway::sched
