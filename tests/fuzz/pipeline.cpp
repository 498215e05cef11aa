// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

// libFuzzer's target: net::parse and the whole pipeline, fed with packets, time and edits as an input says. tools/fuzz
// builds and runs it.
#include "director.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fairway::fuzz::Input input({data, size});
  fairway::fuzz::Director director(input);
  director.play();
  director.finish();
  return 0;
}
