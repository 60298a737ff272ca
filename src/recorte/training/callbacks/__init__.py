"""What Lightning calls during a run; `conf/callbacks` names them."""
