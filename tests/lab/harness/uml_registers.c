/* SPDX-License-Identifier: BSD-3-Clause
 * SPDX-FileCopyrightText: Fairway contributors
 *
 * Preloaded into user-mode-linux. A kernel of 6.1 keeps 2,696 bytes of a process's extended registers, which was all that a
 * processor had; the host takes them back only if they are complete, and on one with AMX they are 11,008 bytes ("ptrace set fp
 * regs failed"). What a guest does not know it does not use either: it keeps the value that the process has. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef long (*Ptrace)(int request, pid_t process, void* address, void* data);

static char whole[1 << 16]; /* the guest's kernel is one thread, and its stack is small */

static long set_extended(Ptrace next, pid_t process, struct iovec* part) {
  struct iovec all = {whole, sizeof whole};
  if (next(PTRACE_GETREGSET, process, (void*)NT_X86_XSTATE, &all) != 0) return -1;
  if (part->iov_len >= all.iov_len) return next(PTRACE_SETREGSET, process, (void*)NT_X86_XSTATE, part);
  memcpy(whole, part->iov_base, part->iov_len);
  return next(PTRACE_SETREGSET, process, (void*)NT_X86_XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...) {
  static Ptrace next;
  va_list arguments;
  va_start(arguments, request);
  const pid_t process = va_arg(arguments, pid_t);
  void* const address = va_arg(arguments, void*);
  void* const data = va_arg(arguments, void*);
  va_end(arguments);
  if (!next) *(void**)&next = dlsym(RTLD_NEXT, "ptrace");
  if (request == PTRACE_SETREGSET && address == (void*)NT_X86_XSTATE) return set_extended(next, process, data);
  return next(request, process, address, data);
}
