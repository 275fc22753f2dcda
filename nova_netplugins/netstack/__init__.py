"""netstack: addresses from Melange, layer 2 from Quantum (Neutron), nothing of either its own."""
