// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/result.hpp"

namespace fairway::dpdk {

/// Bytes that are taken of EAL's memory, and of the kernel's by Memory. Not for the data path.
std::size_t bytes_in_use();

/// Memory of EAL's on a NUMA node where there are hugepages, else the kernel's, page by page as it is first written: then
/// it lies on the node of the writer and does not count towards EAL's. Zeroed, aligned to 64 bytes.
class Memory {
 public:
  Memory() = default;
  static base::Result<Memory> create(std::size_t bytes, int socket);
  void* data() const noexcept { return start_.get(); }

 private:
  struct Free {
    void operator()(void* start) const;
    std::size_t mapped = 0;  // bytes of the kernel's mapping; 0: it is EAL's
  };
  Memory(void* start, std::size_t mapped) : start_(start, Free{mapped}) {}

  std::unique_ptr<void, Free> start_;
};

/// An array whose elements are all zero bytes at first, which must mean something to them.
template <class T>
class Array {
 public:
  static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 64);

  Array() = default;
  static base::Result<Array> create(std::size_t size, int socket) {
    auto memory = Memory::create(size * sizeof(T), socket);
    if (!memory) return memory.error();
    return Array(std::move(*memory), size);
  }

  std::size_t size() const noexcept { return size_; }
  T* data() noexcept { return static_cast<T*>(memory_.data()); }
  const T* data() const noexcept { return static_cast<const T*>(memory_.data()); }
  T& operator[](std::size_t i) noexcept { return data()[i]; }
  const T& operator[](std::size_t i) const noexcept { return data()[i]; }
  T* begin() noexcept { return data(); }
  T* end() noexcept { return data() + size_; }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + size_; }

 private:
  Array(Memory memory, std::size_t size) : memory_(std::move(memory)), size_(size) {}

  Memory memory_;
  std::size_t size_ = 0;
};

}  // namespace fairway::dpdk
