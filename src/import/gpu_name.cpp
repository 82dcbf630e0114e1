#include "import/gpu_name.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "base/text.hpp"
#include "import/log_text.hpp"

namespace repro::imports {
namespace {

// Lower case; everything but letters, digits and '.' parts words.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    const auto code = static_cast<unsigned char>(c);
    if (std::isalnum(code) != 0 || c == '.')
      words.back() += static_cast<char>(std::tolower(code));
    else if (!words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// "80gb", "80g", "80gib": 80.
double gigabytes_in(const std::string& word) {
  const size_t digits = word.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string::npos || digits > 3) return 0;
  const std::string unit = word.substr(digits);
  return unit == "g" || unit == "gb" || unit == "gib" ? std::stod(word.substr(0, digits)) : 0;
}

std::string form_in(const std::string& word) {
  for (const char* form : {"sxm", "pcie", "nvl"})
    if (word.starts_with(form) &&
        word.find_first_not_of("0123456789", std::string(form).size()) == std::string::npos)
      return form;
  return word == "hbm3" ? "sxm" : "";  // "H100 80GB HBM3" is what the SXM board calls itself
}

// "1g.5gb": a slice's compute and memory.
bool is_slice(const std::string& word) {
  return word == "mig" || word == "grid" || word == "vgpu" || word.find("g.") != std::string::npos;
}

// The text between quotes behind a key, or the number.
std::string value_after(const std::string& text, size_t at) {
  size_t begin = text.find_first_not_of(" :'\"", at);
  if (begin == std::string::npos) return "";
  const size_t end = text.find_first_of("'\",}]", begin);
  return std::string(trim(text.substr(begin, end == std::string::npos ? end : end - begin)));
}

std::vector<std::string> values_of(const std::string& text, const std::string& key) {
  std::vector<std::string> values;
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + key + quote;
    for (size_t at = text.find(quoted); at != std::string::npos; at = text.find(quoted, at + 1))
      values.push_back(value_after(text, at + quoted.size()));
  }
  return values;
}

double number_of(const std::string& text, const std::string& key) {
  const std::vector<std::string> values = values_of(text, key);
  const auto value = values.empty() ? std::nullopt : whole_number_text(values.front());
  return value && std::isfinite(*value) && *value > 0 ? *value : 0;
}

}  // namespace

GpuName parse_gpu_name(const std::string& name) {
  static const std::set<std::string> kVendors = {"nvidia", "geforce", "tesla",      "amd",
                                                 "gpu",    "quadro",  "generation", "intel"};
  GpuName parsed;
  std::vector<std::string> model;
  for (const std::string& word : words_of(name)) {
    if (is_slice(word)) parsed.slice = true;
    if (const double gigabytes = gigabytes_in(word); gigabytes > 0)
      parsed.gigabytes = gigabytes;
    else if (const std::string form = form_in(word); !form.empty())
      parsed.form = form;
    else if (!kVendors.contains(word))
      model.push_back(word);
  }
  parsed.model = join(model, "-");
  // "rtx4090" and "rtx 4090" are one board.
  if (parsed.model.starts_with("rtx") && parsed.model.size() > 3 && parsed.model[3] != '-')
    parsed.model.insert(3, "-");
  return parsed;
}

GpuName completed(GpuName name, const GpuName& other) {
  if (name.form.empty()) name.form = other.form;
  if (name.gigabytes == 0) name.gigabytes = other.gigabytes;
  name.slice = name.slice || other.slice;
  return name;
}

std::vector<double> built_sizes(const std::string& model) {
  static const std::map<std::string, std::vector<double>> kSizes = {
      {"rtx-4090", {24}}, {"rtx-5090", {32}}, {"rtx-3090", {24}},     {"rtx-a6000", {48}},
      {"a6000", {48}},    {"a100", {40, 80}}, {"h100", {80, 94}},     {"h200", {141}},
      {"l40s", {48}},     {"l40", {48}},      {"l4", {24}},           {"t4", {16}},
      {"a10", {24}},      {"a10g", {24}},     {"rtx-6000-ada", {48}}, {"v100", {16, 32}}};
  const auto known = kSizes.find(model);
  return known == kSizes.end() ? std::vector<double>() : known->second;
}

std::string profile_of(const GpuName& name) {
  if (name.model == "a100" && name.gigabytes > 0)
    return name.gigabytes > 60 ? "a100-80g" : "a100-40g";
  if (name.model == "h100") {
    const std::string form = name.form.empty() && name.gigabytes > 90 ? "nvl" : name.form;
    return form.empty() ? name.model : name.model + "-" + form;
  }
  return name.model;
}

GpuInfo parse_gpu_info(const std::string& text) {
  GpuInfo info;
  if (trim(text).empty()) return info;
  if (text.find('{') == std::string::npos) {
    info.names = {std::string(trim(text))};
    return info;
  }
  info.names = values_of(text, "Name");
  info.mebibytes = number_of(text, "SizeInMiB");
  info.total_mebibytes = number_of(text, "TotalGpuMemoryInMiB");
  return info;
}

}  // namespace repro::imports
