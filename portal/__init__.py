"""A portal for reverse mentorship: junior colleagues mentor senior ones, and both learn."""
