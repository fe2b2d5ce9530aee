"""The capability ODE: libraries, penalties, fits, solves, geometry, ensembles."""
