#pragma once
// A page in headless Chromium: what its script answers, and what a person would see of it.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "temporary_directory.hpp"

namespace repro::report {

struct Seen {
  nlohmann::json answers;  // one a step
  nlohmann::json errors;   // of the console, exceptions, and what was asked of a network
};

// Does the steps (browser.py says which there are) on one page. A test that needs a browser fails
// without one: ./bootstrap installs it.
inline Seen browse(const fs::path& page, const nlohmann::json& steps) {
  if (!find_program("chromium-headless-shell"))
    FAIL("chromium-headless-shell is not installed; ./bootstrap does that");
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() / "steps.json", steps.dump());
  const Completed ended =
      run_to_end({.words = {"python3", (fs::path(REPRO_TESTS) / "report/browser.py").string(),
                            page.string(), (folder.path() / "steps.json").string()}});
  INFO(ended.errors);
  REQUIRE(ended.status.clean());
  const nlohmann::json answer = parse_json(ended.output);
  REQUIRE(answer.is_object());
  return {answer.at("answers"), answer.at("errors")};
}

}  // namespace repro::report
