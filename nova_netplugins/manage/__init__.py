"""The management tool: the core's own commands, and those that network services bring.

The commands are here, apart from the console scripts, because ``nova-manage`` offers some of them
too.
"""
