#pragma once
// The picture "scaling" of a view: published rates of one device against numbers of devices.

#include <string>

#include "config/fields.hpp"

namespace repro::claims {

class Claims;
struct View;

// Rows of one first key are one line, which a model goes on.
struct ViewScaling {
  std::string table;    // whose rows they are
  std::string devices;  // its column of numbers of devices
  std::string rate;     // its column of TFLOP/s a device
  std::string peak;     // the constant that is a device's peak, TFLOP/s
};

void describe(config::Fields& fields, ViewScaling& scaling);
// What the view's picture names and there is not.
void check_scaling(const Claims& claims, const View& view, config::Problems& problems);

}  // namespace repro::claims
