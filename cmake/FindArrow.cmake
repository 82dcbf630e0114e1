# Apache Arrow and Parquet C++ from the PyPI pyarrow wheel (which has no unversioned .so). Defines Arrow::Parquet.
find_path(Arrow_DIRECTORY NAMES include/arrow/api.h
  PATHS ${Arrow_ROOT} ${PROJECT_SOURCE_DIR}/.deps/pyarrow NO_DEFAULT_PATH)
if(Arrow_DIRECTORY)
  file(GLOB Arrow_LIBRARY ${Arrow_DIRECTORY}/libarrow.so.*)
  file(GLOB Arrow_PARQUET_LIBRARY ${Arrow_DIRECTORY}/libparquet.so.*)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Arrow REQUIRED_VARS Arrow_LIBRARY Arrow_PARQUET_LIBRARY Arrow_DIRECTORY
  REASON_FAILURE_MESSAGE "run ./bootstrap, or give -DArrow_ROOT=<the pyarrow folder of a Python package>")

if(Arrow_FOUND AND NOT TARGET Arrow::Parquet)
  add_library(Arrow::Parquet INTERFACE IMPORTED)
  target_include_directories(Arrow::Parquet SYSTEM INTERFACE ${Arrow_DIRECTORY}/include)
  target_link_libraries(Arrow::Parquet INTERFACE ${Arrow_PARQUET_LIBRARY} ${Arrow_LIBRARY})
endif()
