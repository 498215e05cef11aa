// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "base/result.hpp"
#include "fairway-bench/setup.hpp"

/// What is measured, a file each. They run on a worker's thread (with --threads: on the main one) and fail where there is no
/// memory, or where a packet meets another fate than the mode is about.
namespace fairway::bench {

/// dr, nat, tun: rounds of random established flows, and of the floor, in turn.
base::Result<Report> measure_established(Setup& setup);

/// new: rounds of SYNs of new flows, while time goes on so that as many connections run out.
base::Result<Report> measure_new(Setup& setup);

/// mixed: established flows alone, new ones alone, and both in the proportion that was asked for.
base::Result<Report> measure_mixed(Setup& setup);

/// syn-flood: likewise one to one, and nothing runs out: the table is full, and new half-open connections push out old ones.
base::Result<Report> measure_flood(Setup& setup);

/// collisions: what 65,536 tuples that collide under CRC32C cost an index, beside random ones.
base::Result<Report> measure_collisions(const Options& options);
std::size_t memory_for_collisions();

/// scheduling: every scheduler among 2 to 4,096 servers of mixed weights, 8,192 connections being open.
base::Result<Report> measure_scheduling(const Options& options);
std::size_t memory_for_scheduling();

}  // namespace fairway::bench
