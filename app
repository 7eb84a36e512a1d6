approve
