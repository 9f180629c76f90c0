# Compiler settings that hold for every target.

option(GNEISS_TESTS "Build the tests, the benchmarks and the checks with real clients" ON)
option(GNEISS_WERROR "Treat every warning as an error" OFF)
option(GNEISS_LIBFUZZER "Build the fuzzers as libFuzzer programs" OFF)
set(GNEISS_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # the RocksDB plugin is a shared library
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")

find_program(GNEISS_CCACHE ccache)
if(GNEISS_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${GNEISS_CCACHE})
endif()

add_compile_options(
  -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wthread-safety
  -Werror=unused-result -Werror=switch -Werror=return-type -Werror=thread-safety)
if(GNEISS_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld-19)
endif()
if(GNEISS_SANITIZE)
  add_compile_options(-fsanitize=${GNEISS_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all -gline-tables-only)
  add_link_options(-fsanitize=${GNEISS_SANITIZE})
endif()
if(GNEISS_LIBFUZZER)
  add_compile_options(-fsanitize=fuzzer-no-link)  # coverage, which the fuzzers follow
endif()

include_directories(${CMAKE_SOURCE_DIR})
