// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-ipvs/captured.hpp"

#include <pthread.h>
#include <sys/stat.h>

namespace fairway::bridge {
namespace {

constexpr int most = 64;  // ipvsadm has one at a time, keepalived one a process

Captured table[most];
int count = 0;  // places that are in use or were

/// No system call is made while it is held. A child that is forked meanwhile gets a free one (below), and the table as it is.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

class Lock {
 public:
  Lock() { pthread_mutex_lock(&mutex); }
  ~Lock() { pthread_mutex_unlock(&mutex); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
};

[[gnu::constructor]] void hold_over_forks() {
  pthread_atfork([] { pthread_mutex_lock(&mutex); }, [] { pthread_mutex_unlock(&mutex); },
                 [] { pthread_mutex_unlock(&mutex); });
}

Captured* place_of(int descriptor) {
  for (int i = 0; i < count; ++i)
    if (table[i].inode != 0 && table[i].descriptor == descriptor) return &table[i];
  return nullptr;
}

Captured* free_place() {
  for (int i = 0; i < count; ++i)
    if (table[i].inode == 0) return &table[i];
  return count < most ? &table[count++] : nullptr;
}

}  // namespace

uint64_t inode_of(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

bool find(int descriptor, Captured& found) {
  if (__atomic_load_n(&count, __ATOMIC_RELAXED) == 0) return false;
  {
    const Lock lock;
    const Captured* place = place_of(descriptor);
    if (!place) return false;
    found = *place;
  }
  if (inode_of(descriptor) == found.inode) return true;
  forget(descriptor);
  return false;
}

bool remember(const Captured& captured) {
  const Lock lock;
  Captured* place = place_of(captured.descriptor);
  if (!place) place = free_place();
  if (place) *place = captured;
  return place != nullptr;
}

void forget(int descriptor) {
  const Lock lock;
  if (Captured* place = place_of(descriptor)) place->inode = 0;
}

}  // namespace fairway::bridge
