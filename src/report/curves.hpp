#pragma once
// Training loss and perplexity of the baseline and of every other arm's last phase, one panel a
// corpus, one picture a model. Losses are means
// over the target's window. Against time and dollars a last phase starts where the arm's earlier
// phases ended; against steps it starts at zero.

#include <string>
#include <vector>

#include "findings/study.hpp"
#include "report/figure.hpp"

namespace repro::report {

struct NamedPicture {
  std::string name;  // "loss-steps-qwen_moe"
  std::string caption;
  Picture picture;
};

// First seed's runs. A picture without any curve is left out.
std::vector<NamedPicture> pictures_of(const findings::Study& study);

}  // namespace repro::report
