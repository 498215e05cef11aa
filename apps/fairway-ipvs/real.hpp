// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

/// The functions of libc that preload.cpp and files.cpp stand before. Looked up when they are first needed: a process may
/// call them before any constructor has run.
namespace fairway::bridge {

template <class Function>
class Real {
 public:
  explicit constexpr Real(const char* name) : name_(name) {}

  template <class... Arguments>
  auto operator()(Arguments... arguments) {
    // Two threads that come at once find the same.
    Function found = __atomic_load_n(&function_, __ATOMIC_RELAXED);
    if (!found) {
      found = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name_));
      __atomic_store_n(&function_, found, __ATOMIC_RELAXED);
    }
    return found(arguments...);
  }

 private:
  const char* name_;
  Function function_ = nullptr;
};

inline Real<ssize_t (*)(int, const msghdr*, int)> real_sendmsg("sendmsg");
inline Real<ssize_t (*)(int, msghdr*, int)> real_recvmsg("recvmsg");
inline Real<int (*)(int, sockaddr*, socklen_t*)> real_getsockname("getsockname");
inline Real<int (*)(int, int, int, void*, socklen_t*)> real_getsockopt("getsockopt");
inline Real<int (*)(int, int, int, const void*, socklen_t)> real_setsockopt("setsockopt");
inline Real<FILE* (*)(const char*, const char*)> real_fopen("fopen");
inline Real<int (*)(int, const char*, int, ...)> real_openat("openat");

}  // namespace fairway::bridge
