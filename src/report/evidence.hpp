#pragma once
// What stands behind each number, for the page: its formulas with the numbers put in, its interval
// part by part, its verdict, and the command that says the same; and of each row what the runs are
// and how they ended.

#include <string>
#include <utility>
#include <vector>

#include "findings/finding.hpp"
#include "findings/study.hpp"
#include "report/table.hpp"

namespace repro::report {

struct EvidenceLine {
  std::string name;  // "here"
  std::string text;
  bool typed = false;      // a command or a path
  std::string about = {};  // another evidence that it leads to; "" = none
};

struct Evidence {
  std::string about;  // a finding's id or a row's key: what TableCell::about names
  std::string title;
  std::vector<EvidenceLine> lines;
};

// Of every finding and of every row.
std::vector<Evidence> evidence_of(const findings::Study& study,
                                  const std::vector<findings::Finding>& found);

// "runs of qwen_moe/c4".
std::string row_key(const findings::StudyRow& row);

// Every number of the table leads to the runs of the row that its first cell names.
void link_rows(const findings::Study& study, Table& table);

// The options that ask the same question again: " --scale mini --set match.batch=8".
std::string asked_options(const findings::Study& study);

// An id that a page may hold: letters, digits, _ and -.
std::string anchor_of(const std::string& about);

}  // namespace repro::report
