#pragma once
// The paper's figures 4 and 5 from these runs: training loss and perplexity of the full arm and of
// the fine-tune stage, one panel a corpus, one picture a model. Losses are means over the target's
// window. Against time and dollars the fine-tune starts where the submodels ended; against steps it
// starts at zero, as in the paper.

#include <string>
#include <vector>

#include "report/figure.hpp"
#include "report/study.hpp"

namespace repro::report {

struct NamedPicture {
  std::string name;  // "loss-steps-qwen_moe"
  std::string caption;
  Picture picture;
};

// First seed's runs. A picture without any curve is left out.
std::vector<NamedPicture> pictures_of(const Study& study);

}  // namespace repro::report
