#pragma once
// Which version of a Debian package a run reads. Mirrors keep only the newest, so the first plan
// that needs a package asks the package manager and writes the answer into a lock file in the
// cache; from then on every plan of this machine means that text, until it is told to forget it:
//
//   <cache>/packages.lock   {"git-doc": {"version": "1:2.39.5-0", "sha256": "3c89..."}, ...}

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/corpus.hpp"

namespace repro::plan {

struct PackageVersion {
  std::string version;
  std::string sha256;  // of the .deb
};
using PackageVersions = std::map<std::string, PackageVersion>;  // by package name

// Fills version and sha256 of the corpus' deb sources that lack them. Downloads nothing. Where no
// package manager answers they stay empty: a plan can be shown, and its prepare job says why it
// cannot run. `lists`: where the package manager keeps its lists; they are brought up to date only
// where there are none.
void resolve_packages(config::Corpus& corpus, const std::filesystem::path& cache,
                      const std::filesystem::path& lists = "/var/lib/apt/lists");

// Forgets the locked versions of the corpus' packages and brings the package manager's lists up to
// date, as far as it can: the next plan takes the mirror's newest.
void forget_packages(const config::Corpus& corpus, const std::filesystem::path& cache);

// The packages in what `apt-get download --print-uris` prints; lines without a SHA-256 are none.
PackageVersions parse_print_uris(std::string_view output);

}  // namespace repro::plan
