// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

// Files of IPVS below /proc/net, which ipvsadm -Lc and other tools read: the director's instead of the kernel's.

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fairway-ipvs/real.hpp"
#include "fairway-ipvs/wire.hpp"

namespace fairway::bridge {
namespace {

/// "/proc/net/ip_vs..." as the director knows it, or null if it is not its affair.
const char* known_path(const char* path) {
  constexpr char folder[] = "/proc/net/ip_vs", own_folder[] = "/proc/self/net/ip_vs";
  if (!path) return nullptr;
  if (strncmp(path, folder, sizeof folder - 1) == 0) return path;
  if (strcmp(path, "/proc/self/net/ip_vs") == 0) return "/proc/net/ip_vs";
  if (strcmp(path, "/proc/self/net/ip_vs_conn") == 0) return "/proc/net/ip_vs_conn";
  if (strcmp(path, "/proc/self/net/ip_vs_stats") == 0) return "/proc/net/ip_vs_stats";
  return strncmp(path, own_folder, sizeof own_folder - 1) == 0 ? path : nullptr;
}

void write_all(void* context, const void* bytes, size_t size) {
  const int descriptor = *static_cast<int*>(context);
  const char* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = write(descriptor, from, size);
    if (written <= 0) return;
    from += written;
    size -= static_cast<size_t>(written);
  }
}

/// The file's text as it is now, to be read from its beginning; -1 and errno.
int fetch(const char* path, bool is_inherited) {
  int file = memfd_create("ip_vs", is_inherited ? 0 : MFD_CLOEXEC);
  if (file < 0) return -1;
  const int error = read_file(path, write_all, &file);
  if (error == 0 && lseek(file, 0, SEEK_SET) == 0) return file;
  close(file);
  errno = error == ECONNREFUSED ? ENOENT : error == EPERM ? EACCES : error;
  return -1;
}

FILE* open_stream(const char* path, const char* mode) {
  const char* known = known_path(path);
  if (!known) return real_fopen(path, mode);
  const int file = fetch(known, strchr(mode, 'e') == nullptr);
  return file < 0 ? nullptr : fdopen(file, "r");
}

int open_file(int folder, const char* path, int flags, mode_t mode) {
  const char* known = known_path(path);
  if (!known) return real_openat(folder, path, flags, mode);
  return fetch(known, (flags & O_CLOEXEC) == 0);
}

}  // namespace
}  // namespace fairway::bridge

#define EXPORTED extern "C" [[gnu::visibility("default")]]
namespace bridge = fairway::bridge;

EXPORTED FILE* fopen(const char* path, const char* mode) { return bridge::open_stream(path, mode); }
EXPORTED FILE* fopen64(const char* path, const char* mode) { return bridge::open_stream(path, mode); }

// The mode is there only if the file may be made; what is read else is not used.
EXPORTED int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return bridge::open_file(AT_FDCWD, path, flags, mode);
}

EXPORTED int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return bridge::open_file(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

EXPORTED int openat(int folder, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return bridge::open_file(folder, path, flags, mode);
}

EXPORTED int openat64(int folder, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return bridge::open_file(folder, path, flags | O_LARGEFILE, mode);
}

// Calls of the four above without a mode, in programs that were built with _FORTIFY_SOURCE.
EXPORTED int __open_2(const char* path, int flags) { return bridge::open_file(AT_FDCWD, path, flags, 0); }
EXPORTED int __open64_2(const char* path, int flags) {
  return bridge::open_file(AT_FDCWD, path, flags | O_LARGEFILE, 0);
}
EXPORTED int __openat_2(int folder, const char* path, int flags) { return bridge::open_file(folder, path, flags, 0); }
EXPORTED int __openat64_2(int folder, const char* path, int flags) {
  return bridge::open_file(folder, path, flags | O_LARGEFILE, 0);
}
