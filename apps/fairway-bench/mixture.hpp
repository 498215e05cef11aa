// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <functional>

#include "fairway-bench/modes.hpp"

namespace fairway::bench {

/// Packets of established flows among SYNs of new ones.
struct Mixture {
  std::uint32_t syns_of_a_hundred;
  std::function<void(std::uint32_t)> put_syn;  // packet i
  std::function<void(double)> begin;           // called before each block of passes with its share of SYNs
};

/// Times established flows alone, SYNs alone, and both mixed, beside the floor, and compares the mixture with the mean of
/// the two by their shares. Errors: a packet of an established flow that was not transmitted.
base::Result<Report> measure_mixture(Setup& setup, const Mixture& mixture);

}  // namespace fairway::bench
