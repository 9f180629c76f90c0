# SPDX-License-Identifier: Apache-2.0
"""What every client suite shares: brokers to start, pinned packages to fetch, a base test case."""
