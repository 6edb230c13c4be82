"""What happens to a case, in order. Imports the domain and the activities' types, touches nothing else.

Time comes from ``workflow.now()``, everything outside through an activity.
"""
