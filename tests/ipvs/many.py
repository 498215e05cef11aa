# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""More rules than most directors have."""


def rules(services, servers):
    for i in range(services):
        address = f"10.{i // 256}.{i % 256}.1:80"
        yield f"-A -t {address} -s wrr"
        for j in range(servers):
            yield f"-a -t {address} -r 10.200.{i % 256}.{j + 1}:80 -m -w 3"
