"""From roads to stops and tables of travel times."""
