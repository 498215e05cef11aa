// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/lines.hpp"

#include <sys/mman.h>

#include <new>

namespace fairway::service {
namespace {

/// Pages that come into being, zeroed, when they are first touched. All-zero bytes are a valid value of both kinds of
/// line (atomics of integers without padding), so nobody need write a million of them at start.
template <class T>
std::unique_ptr<T[], void (*)(T*)> make_lazily() {
  constexpr std::size_t bytes = sizeof(T) * max_servers;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<T*>(memory), [](T* lines) { munmap(lines, bytes); }};
}

}  // namespace

ServerLines make_server_lines() { return make_lazily<ServerLine>(); }
ServerStatuses make_server_statuses() { return make_lazily<ServerStatus>(); }

}  // namespace fairway::service
