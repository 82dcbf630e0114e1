#pragma once
// Structs described by fields, written as TOML: what the project writes for people to read and
// edit.

#include <string>

#include "config/fields.hpp"

namespace repro::config {

// Tables and lists of tables one level deep and below; empty strings, lists and absent numbers are
// left out. `comment` becomes the first lines.
std::string write_toml(const Describe& describe_fields, const std::string& comment);

}  // namespace repro::config
