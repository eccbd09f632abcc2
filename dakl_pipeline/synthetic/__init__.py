"""Synthetic populations: registers and deliveries about invented people; the same plan gives the same data."""

from dakl_pipeline.synthetic.deliveries import Event
from dakl_pipeline.synthetic.demo import demo_plan
from dakl_pipeline.synthetic.plan import HardCases, PopulationPlan
from dakl_pipeline.synthetic.population import Population, generate_population

__all__ = ["Event", "HardCases", "Population", "PopulationPlan", "demo_plan", "generate_population"]
