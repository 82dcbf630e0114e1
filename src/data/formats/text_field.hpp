#pragma once
// The one field of a JSON record that is wanted, without holding the others: a record may be a list
// of millions of zeros.

#include <string>
#include <string_view>

namespace repro::data {

enum class FieldKind { text, no_json, absent, no_string };

// The member `field` of the object `json`; the last where there are several. `text` is set for
// FieldKind::text alone.
FieldKind read_text_field(std::string_view json, const std::string& field, std::string& text);

}  // namespace repro::data
