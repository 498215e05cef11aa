// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/command_batch.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "control/json.hpp"
#include "support/control.hpp"

using namespace fairway;
using namespace fairway::control;
using namespace fairway::control::http;
using fairway::test::address;
using fairway::test::ControlFixture;
using fairway::test::key;
using fairway::test::port;
using nlohmann::json;

namespace {

struct Fixture : ControlFixture {
  /// Advances to the end; how often.
  std::size_t finish_job(Job& job) {
    std::size_t slices = 1;
    for (; job.advance() != Job::Progress::done; ++slices) drain();
    drain();
    return slices;
  }

  Reply run(const std::string& text, bool stop_at_error = false) {
    CommandBatch batch(director, text, stop_at_error);
    finish_job(batch);
    return batch.reply;
  }

  std::string error_of(const std::string& text) {
    const Reply reply = run(text);
    CHECK(reply.status == 400);
    return json::parse(reply.body).at("error");
  }
};

std::string addition(std::uint32_t number) {
  return to_json(AddService{{.name = "s", .key = key(number), .servers = {}}}).dump();
}
std::string deletion(std::uint32_t number) { return to_json(DeleteService{key(number)}).dump(); }

}  // namespace

TEST_CASE_METHOD(Fixture, "every command of an array is carried out in order and has its result") {
  const Reply reply = run(" [ " + addition(1) + "," + deletion(2) + " ,\n{\"jump\": {}}, " + deletion(1) + "] ");
  CHECK(reply.status == 200);
  CHECK(
      reply.body ==
      R"({"results":[{"ok":true},{"error":"there is no service tcp 10.0.0.2:80"},{"error":"there is no command 'jump'"},{"ok":true}]})");
  CHECK(director.services().empty());
}

TEST_CASE_METHOD(Fixture, "nothing to do is done") { CHECK(run("[]").body == R"({"results":[]})"); }

TEST_CASE_METHOD(Fixture, "a batch may end at the first error") {
  const Reply reply = run("[" + addition(1) + "," + addition(1) + "," + addition(2) + "]", true);
  CHECK(reply.status == 200);
  CHECK(json::parse(reply.body).at("results").size() == 2);
  CHECK(director.services().size() == 1);
}

TEST_CASE_METHOD(Fixture, "text that is not JSON is refused whole, with the place") {
  const std::string good = addition(1);
  const auto at = [&](std::size_t byte) {
    return "not a JSON array of commands: at byte " + std::to_string(byte) + ": ";
  };
  CHECK(error_of("") == at(1) + "'[' expected");
  CHECK(error_of("{}") == at(1) + "'[' expected");
  CHECK(error_of("[") == at(2) + "'{' expected");
  CHECK(error_of("[,") == at(2) + "'{' expected");
  CHECK(error_of("[1]") == at(2) + "'{' expected");
  CHECK(error_of("[" + good) == at(good.size() + 2) + "',' or ']' expected");
  CHECK(error_of("[" + good + " " + good + "]") == at(good.size() + 3) + "',' or ']' expected");
  CHECK(error_of("[" + good + ",]") == at(good.size() + 3) + "'{' expected");
  CHECK(error_of("[" + good + "]]") == at(good.size() + 3) + "nothing may follow the array");
  CHECK(error_of("[" + good + ",{\"a\": [}") == at(good.size() + 3) + "this element does not end");
  CHECK(error_of("[" + good + ",{\"a\": }]").starts_with(at(good.size() + 9) + "syntax error"));
  CHECK(error_of("[{\"a\": [1}]}]").starts_with(at(10) + "syntax error"));
  CHECK(error_of("[{\"a\": \"\xff\"}]").starts_with(at(9) + "syntax error"));
  CHECK(error_of("[{\"}\": " + std::string(100'000, '[')) == at(15) + "nested too deeply");
  CHECK(director.services().empty());
}

TEST_CASE_METHOD(Fixture, "too many commands in one request are refused whole") {
  std::string text = "[" + addition(1);
  for (int i = 1; i < 100'000; ++i) text += ",{}";
  CHECK(run(text + "]").status == 200);
  apply(DeleteService{key(1)});
  const Reply reply = run(text + ",{}]");
  CHECK(reply.status == 413);
  CHECK(reply.body == R"({"error":"more than 100000 commands in one request"})");
  CHECK(director.services().empty());
}

TEST_CASE_METHOD(Fixture, "braces and quotes within strings are text") {
  const Reply reply =
      run(R"([{"add_service": {"protocol": "tcp", "address": "10.0.0.1", "port": 80, "name": "a}]\"{"}}])");
  CHECK(reply.body == R"({"results":[{"ok":true}]})");
  CHECK(director.find(key(1))->name == "a}]\"{");
}

TEST_CASE_METHOD(Fixture, "a long batch leaves turns to others") {
  std::string text = "[" + addition(1);
  for (std::uint32_t i = 2; i <= 10'000; ++i) text += "," + addition(i);
  CommandBatch batch(director, text + "]", false);
  const auto start = std::chrono::steady_clock::now();
  CHECK(finish_job(batch) >= 2 * 10'000 / 256);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  CHECK(director.services().size() == 10'000);
  CHECK(json::parse(batch.reply.body).at("results").size() == 10'000);
  std::cout << "10,000 commands as JSON: " << took.count() << " ms\n";
}
