"""The figures of the console's pages: what a browser loads, how soon it shows what happens, what many who look cost."""
