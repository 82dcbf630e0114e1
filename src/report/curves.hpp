#pragma once
// Training loss of the baseline and of every other arm's last phase as pictures: one against steps,
// time, dollars and FLOPs each, a panel a cell, a row a model. Losses are means over the target's
// window. Against all but steps a last phase starts where the arm's earlier phases ended.

#include <string>
#include <vector>

#include "findings/study.hpp"
#include "report/figure.hpp"

namespace repro::report {

struct NamedPicture {
  std::string name;  // "loss-dollars"
  std::string caption;
  Picture picture;
};

// A picture without any curve is left out; held-out perplexity is drawn only where runs measured it
// on the way.
std::vector<NamedPicture> pictures_of(const findings::Study& study);

}  // namespace repro::report
