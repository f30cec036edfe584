(** Rule "collision" of networks and of residual blocks: both points are mapped in rational numbers, layer by layer. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Integers Rows Domains Interior Combinations.
From Proof.rules Require Import Collision.
Import ListNotations.
Open Scope Z_scope.

(** The rows of a network in integers, if they fit: as many columns as the layer before has rows. *)
Fixpoint fitted (n : nat) (N : list (list sloped_row)) : option (list (list (integer_row * Q))) :=
  match N with
  | [] => Some []
  | L :: rest =>
      match integer_rows n 0 (map affine_part L), fitted (length L) rest with
      | Some rows, Some others => Some (combine rows (map slope L) :: others)
      | _, _ => None
      end
  end.

(** A row's output at the point x over d: numerator and denominator, times d. *)
Definition sloped_output (x : list Z) (d : Z) (u : integer_row * Q) : Z * Z :=
  let z := inner_product (fst u) x d in
  if 0 <=? z then (z, denominator (fst u))
  else (z * Qnum (snd u), denominator (fst u) * Zpos (Qden (snd u))).

(** Fractions over one denominator D, if it is a multiple of all of theirs. *)
Fixpoint over_common (D : Z) (l : list (Z * Z)) : option (list Z) :=
  match l with
  | [] => Some []
  | (z, e) :: l' =>
      let q := Z.quot D e in
      if q * e =? D then match over_common D l' with Some rest => Some (z * q :: rest) | None => None end else None
  end.

(** Without the factors that all numbers have. *)
Definition lowest_terms (x : list Z) (d : Z) : list Z * Z :=
  match quotients (fold_left Z.gcd x d) (d :: x) with
  | Some (e :: y) => if 0 <? e then (y, e) else (x, d)
  | _ => (x, d)
  end.

Definition layer_image (L : list (integer_row * Q)) (x : list Z) (d : Z) : option (list Z * Z) :=
  let P := map (sloped_output x d) L in
  let D := fold_left Z.lcm (map snd P) 1 in
  match over_common D P with
  | Some z => if 0 <? D then Some (lowest_terms z (D * d)) else None
  | None => None
  end.

Fixpoint network_image (N : list (list (integer_row * Q))) (x : list Z) (d : Z) : option (list Z * Z) :=
  match N with
  | [] => Some (x, d)
  | L :: rest => match layer_image L x d with Some (y, e) => network_image rest y e | None => None end
  end.

(** x + B h for h over a and x over d, each entry as a fraction. *)
Fixpoint added_back (rows : list integer_row) (h : list Z) (a : Z) (x : list Z) (d : Z) : list (Z * Z) :=
  match rows, x with
  | r :: rows', c :: x' =>
      (c * (a * denominator r) + inner_product r h a * d, d * (a * denominator r)) :: added_back rows' h a x' d
  | _, _ => []
  end.

Fixpoint first_difference (i : Z) (u v : list (Z * Z)) : option Z :=
  match u, v with
  | (p, q) :: u', (r, s) :: v' => if p * s =? r * q then first_difference (i + 1) u' v' else Some i
  | _, _ => None
  end.

(** Two points of K, different, with one image under a map that is computed on integers over a denominator. *)
Definition check_images (n : nat) (K : domain) (image : list Z -> Z -> option (list (Z * Z))) (x y : list Q) : outcome unit :=
  match integer_domain_of n K, over_one_denominator x, over_one_denominator y with
  | None, _, _ => Bad WrongDomain
  | Some IK, Some (zx, d), Some (zy, e) =>
      if negb (has_length n zx && has_length n zy) then Bad WrongShape
      else if equal_lists (map (fun a => e * a) zx) (map (fun b => d * b) zy) then Bad PointsEqual
      else if negb (contains n IK zx d) then Bad (PointOutside false)
      else if negb (contains n IK zy e) then Bad (PointOutside true)
      else
        match image zx d, image zy e with
        | Some u, Some v => match first_difference 0 u v with Some i => Bad (OutputsDiffer i) | None => Good tt end
        | _, _ => Bad WrongShape
        end
  | _, _, _ => Bad WrongShape
  end.

Definition check_network_collision (n : nat) (K : domain) (N : list (list sloped_row)) (x y : list Q) : outcome unit :=
  match fitted n N with
  | None => Bad WrongShape
  | Some layers =>
      check_images n K (fun z d =>
        match network_image layers z d with
        | Some (u, a) => Some (map (fun b => (b, a)) u)
        | None => None
        end) x y
  end.

Definition block_rows (n : nat) (f : residual_block) : option (list integer_row * list integer_row) :=
  match integer_rows n 0 (hidden f), integer_rows (length (hidden f)) 0 (map (fun w => Row w 0) (back f)) with
  | Some inner, Some outer => if has_length n outer then Some (inner, outer) else None
  | _, _ => None
  end.

Definition check_block_collision (n : nat) (K : domain) (f : residual_block) (x y : list Q) : outcome unit :=
  match block_rows n f with
  | None => Bad WrongShape
  | Some (inner, outer) =>
      let L := map (fun r => (r, 0%Q)) inner in
      check_images n K (fun z d =>
        match layer_image L z d with Some (h, a) => Some (added_back outer h a z d) | None => None end) x y
  end.

(** * Proof *)

Open Scope R_scope.

(** The same layer in rationals and in integers. *)
Definition layer_made (n : nat) (L : list sloped_row) (IL : list (integer_row * Q)) : Prop :=
  Forall2 (fun u v => made_from n (affine_part u) (fst v) /\ slope u = snd v) L IL.

Lemma layer_made_combine : forall n L rows, Forall2 (made_from n) (map affine_part L) rows ->
  layer_made n L (combine rows (map slope L)).
Proof.
  induction L as [|u L IH]; intros rows H; inversion H; subst; cbn [map combine]; constructor; auto.
  apply IH. assumption.
Qed.

Lemma quotients_nth : forall d y z, quotients d y = Some z -> forall j, (d * nth j z 0 = nth j y 0)%Z.
Proof.
  induction y as [|a y IH]; intros z H j; cbn [quotients] in H.
  - injection H as <-. destruct j; simpl; lia.
  - pose proof (Z.quotrem_eq a d) as E. destruct (Z.quotrem a d) as [q r].
    destruct (r =? 0)%Z eqn:R; [|discriminate]. apply Z.eqb_eq in R.
    destruct (quotients d y) as [rest|] eqn:Q; [|discriminate]. injection H as <-.
    destruct j as [|j]; cbn [nth]; [lia|]. apply IH. reflexivity.
Qed.

Lemma quotients_length : forall d y z, quotients d y = Some z -> length z = length y.
Proof.
  induction y as [|a y IH]; intros z H; cbn [quotients] in H; [injection H as <-; reflexivity|].
  destruct (Z.quotrem a d) as [q r]. destruct (r =? 0)%Z; [|discriminate].
  destruct (quotients d y) as [rest|] eqn:Q; [|discriminate]. injection H as <-. cbn. rewrite (IH rest); reflexivity.
Qed.

Lemma lowest_terms_spec : forall x d y e, 0 < IZR d -> lowest_terms x d = (y, e) ->
  0 < IZR e /\ length y = length x /\ over y e = over x d.
Proof.
  intros x d y e D H. unfold lowest_terms in H. set (g := fold_left Z.gcd x d) in *. clearbody g.
  destruct (quotients g (d :: x)) as [[|e' y']|] eqn:Q; try (injection H as <- <-; auto).
  destruct (0 <? e')%Z eqn:P; injection H as <- <-; auto.
  apply Z.ltb_lt, IZR_lt in P. split; [exact P|]. split; [apply quotients_length in Q; cbn in Q; lia|].
  assert (N := quotients_nth _ _ _ Q). assert (N0 := N 0%nat). cbn [nth] in N0.
  apply FunctionalExtensionality.functional_extensionality. intro j. unfold over.
  specialize (N (S j)). cbn [nth] in N. rewrite <- N, <- N0, !mult_IZR.
  assert (IZR g <> 0) by (intro G; rewrite <- N0, mult_IZR, G in D; lra). field. split; lra.
Qed.

Lemma over_common_spec : forall D l z, over_common D l = Some z -> 0 < IZR D ->
  length z = length l /\
  forall j, (j < length l)%nat -> IZR (nth j z 0%Z) / IZR D = IZR (fst (nth j l (0, 1)%Z)) / IZR (snd (nth j l (0, 1)%Z)).
Proof.
  induction l as [|[a e] l IH]; intros z H P; cbn [over_common] in H.
  - injection H as <-. split; [reflexivity|]. intros j J. cbn in J. lia.
  - destruct (Z.quot D e * e =? D)%Z eqn:Q; [|discriminate]. apply Z.eqb_eq, (f_equal IZR) in Q. rewrite mult_IZR in Q.
    destruct (over_common D l) as [rest|]; [|discriminate]. injection H as <-.
    destruct (IH rest eq_refl P) as [L N]. split; [cbn; lia|]. intros j J. destruct j as [|j]; cbn [nth fst snd].
    + rewrite mult_IZR, <- Q. assert (IZR e <> 0) by (intro E; rewrite E in Q; lra).
      assert (IZR (Z.quot D e) <> 0) by (intro E; rewrite E in Q; lra). field. auto.
    + apply N. cbn in J. lia.
Qed.

Lemma sloped_output_spec : forall n u v x d, made_from n (affine_part u) (fst v) -> slope u = snd v -> 0 < IZR d ->
  IZR (fst (sloped_output x d v)) / IZR (snd (sloped_output x d v))
  = IZR d * activated (slope u) (affine (affine_part u) (over x d)).
Proof.
  intros n u [r s] x d (_ & P & V) S D. cbn [fst snd] in *. subst s. unfold sloped_output. cbn [fst snd].
  assert (E := inner_product_value r x d D). rewrite V in E.
  set (t := affine (affine_part u) (over x d)) in *.
  assert (DP : 0 < IZR d * IZR (denominator r)) by (apply Rmult_lt_0_compat; assumption).
  unfold activated. destruct (0 <=? inner_product r x d)%Z eqn:G; cbn [fst snd].
  - apply Z.leb_le, IZR_le in G. rewrite E in *. destruct (Rle_dec 0 t) as [T|T]; [field; lra|].
    exfalso. apply T. apply Rmult_le_reg_l with (IZR d * IZR (denominator r)); [exact DP|]. lra.
  - apply Z.leb_gt, IZR_lt in G. rewrite mult_IZR, mult_IZR. destruct (Rle_dec 0 t) as [T|T].
    + exfalso. assert (0 <= IZR d * IZR (denominator r) * t) by (apply Rmult_le_pos; lra). lra.
    + rewrite E. unfold Q2R. assert (IZR (Z.pos (Qden (slope u))) <> 0) by (apply not_0_IZR; discriminate). field. split; lra.
Qed.

Lemma layer_image_spec : forall n L IL x d y e, layer_made n L IL -> 0 < IZR d -> layer_image IL x d = Some (y, e) ->
  0 < IZR e /\ length y = length L /\ over y e = point_of (layer_value L (over x d)).
Proof.
  intros n L IL x d y e M D H. unfold layer_image in H.
  set (P := map (sloped_output x d) IL) in *. set (C := fold_left Z.lcm (map snd P) 1%Z) in *. clearbody C.
  destruct (over_common C P) as [z|] eqn:O; [|discriminate]. destruct (0 <? C)%Z eqn:CP; [|discriminate].
  apply Z.ltb_lt, IZR_lt in CP. assert (LT : lowest_terms z (C * d) = (y, e)) by congruence. clear H.
  assert (CD : 0 < IZR (C * d)) by (rewrite mult_IZR; apply Rmult_lt_0_compat; assumption).
  apply lowest_terms_spec in LT as (E & LE & EQ); [|exact CD].
  apply over_common_spec in O as [LZ N]; [|exact CP].
  assert (LP : length P = length L) by (unfold P; rewrite map_length; clear - M; induction M; cbn; congruence).
  split; [exact E|]. split; [lia|]. rewrite EQ.
  apply FunctionalExtensionality.functional_extensionality. intro j. unfold over at 1, point_of.
  destruct (Nat.lt_ge_cases j (length L)) as [J|J].
  - assert (V : IZR (nth j z 0%Z) / IZR C = IZR d * nth j (layer_value L (over x d)) 0).
    { rewrite N by lia. clear - M D J. unfold P, layer_value. revert j J. induction M as [|u v L IL [A S] M IH]; intros j J; [cbn in J; lia|].
      destruct j as [|j]; cbn [map nth]; [apply (sloped_output_spec n); assumption|]. apply IH. cbn in J. lia. }
    rewrite mult_IZR. apply Rmult_eq_reg_l with (IZR d); [|lra]. rewrite <- V. field. lra.
  - rewrite (nth_overflow z) by lia. rewrite nth_overflow by (unfold layer_value; rewrite map_length; exact J).
    unfold Rdiv. ring.
Qed.

Lemma fitted_made : forall N n IN, fitted n N = Some IN -> match N, IN with
  | [], [] => True
  | L :: rest, IL :: others => layer_made n L IL /\ fitted (length L) rest = Some others
  | _, _ => False
  end.
Proof.
  intros [|L rest] n IN H; cbn [fitted] in H; [injection H as <-; exact I|].
  destruct (integer_rows n 0 (map affine_part L)) as [rows|] eqn:R; [|discriminate].
  destruct (fitted (length L) rest) as [others|] eqn:F; [|discriminate]. injection H as <-.
  split; [|reflexivity]. apply layer_made_combine, (integer_rows_spec _ _ _ _ R).
Qed.

Lemma output_width_cons : forall n L N, output_width n (L :: N) = output_width (length L) N.
Proof.
  intros n L N. unfold output_width. cbn [map]. generalize (length L) as a. intro a. revert n a.
  induction (map (@length sloped_row) N) as [|b l IH]; intros n a; [reflexivity|].
  change (last (a :: b :: l) n) with (last (b :: l) n). rewrite !IH. reflexivity.
Qed.

Lemma network_image_spec : forall N n IN x d y e, fitted n N = Some IN -> length x = n -> 0 < IZR d ->
  network_image IN x d = Some (y, e) ->
  0 < IZR e /\ length y = output_width n N /\ over y e = network_value N (over x d).
Proof.
  induction N as [|L rest IH]; intros n IN x d y e F X D H; apply fitted_made in F; destruct IN as [|IL others]; try contradiction.
  - cbn [network_image] in H. injection H as <- <-. auto.
  - destruct F as [M F]. cbn [network_image] in H. destruct (layer_image IL x d) as [[z a]|] eqn:G; [|discriminate].
    destruct (layer_image_spec n L IL x d z a M D G) as (A & LZ & V).
    destruct (IH _ _ _ _ _ _ F LZ A H) as (E & LY & W).
    split; [exact E|]. split.
    + rewrite LY. symmetry. apply output_width_cons.
    + rewrite W, V. reflexivity.
Qed.

Lemma first_difference_spec : forall u v i, first_difference i u v = None -> length u = length v ->
  (forall p, In p u -> 0 < IZR (snd p)) -> (forall p, In p v -> 0 < IZR (snd p)) ->
  forall j, (j < length u)%nat ->
    IZR (fst (nth j u (0, 1)%Z)) / IZR (snd (nth j u (0, 1)%Z)) = IZR (fst (nth j v (0, 1)%Z)) / IZR (snd (nth j v (0, 1)%Z)).
Proof.
  induction u as [|[p q] u IH]; intros [|[r s] v] i H L PU PV j J; try discriminate L; [cbn in J; lia|].
  cbn [first_difference] in H. destruct (p * s =? r * q)%Z eqn:E; [|discriminate].
  destruct j as [|j]; cbn [nth fst snd].
  - apply Z.eqb_eq, (f_equal IZR) in E. rewrite !mult_IZR in E.
    assert (Q0 := PU _ (or_introl eq_refl)). assert (S0 := PV _ (or_introl eq_refl)). cbn [snd] in Q0, S0.
    apply Rmult_eq_reg_r with (IZR q * IZR s); [|apply Rgt_not_eq, Rmult_lt_0_compat; assumption].
    replace (IZR p / IZR q * (IZR q * IZR s)) with (IZR p * IZR s) by (field; lra). rewrite E. field. lra.
  - apply (IH v (i + 1)%Z); auto; [intros a A; apply PU; right; exact A|intros a A; apply PV; right; exact A|cbn in J; lia].
Qed.

(** [image] computes the map [value] on w coordinates. *)
Definition computes (n w : nat) (value : point -> point) (image : list Z -> Z -> option (list (Z * Z))) : Prop :=
  forall x d u, length x = n -> 0 < IZR d -> image x d = Some u ->
    length u = w /\ (forall p, In p u -> 0 < IZR (snd p)) /\
    forall j, (j < w)%nat -> IZR (fst (nth j u (0, 1)%Z)) / IZR (snd (nth j u (0, 1)%Z)) = value (over x d) j.

Lemma check_images_sound : forall n w K value image x y, computes n w value image -> check_images n K image x y = Good tt ->
  exists p q, inside n K p /\ inside n K q /\ same w (value p) (value q) /\ ~ same n p q.
Proof.
  intros n w K value image x y C H. unfold check_images in H.
  destruct (integer_domain_of n K) as [IK|] eqn:M; [|discriminate].
  destruct (over_one_denominator x) as [[zx d]|] eqn:X; [|discriminate].
  destruct (over_one_denominator y) as [[zy e]|] eqn:Y; [|discriminate].
  destruct (has_length n zx && has_length n zy)%bool eqn:L; [|discriminate].
  apply andb_prop in L as [LX LY]. apply has_length_spec in LX, LY. cbn [negb] in H.
  apply over_one_denominator_spec in X as [_ D], Y as [_ E]. apply integer_domain_of_spec in M.
  destruct (equal_lists (map (fun a => e * a)%Z zx) (map (fun b => d * b)%Z zy)) eqn:Q; [discriminate|].
  destruct (contains n IK zx d) eqn:CX; [|discriminate]. destruct (contains n IK zy e) eqn:CY; [|discriminate].
  cbn [negb] in H. destruct (image zx d) as [u|] eqn:U; [|discriminate]. destruct (image zy e) as [v|] eqn:V; [|discriminate].
  destruct (first_difference 0 u v) eqn:F; [discriminate|].
  destruct (C _ _ _ LX D U) as (LU & PU & VU). destruct (C _ _ _ LY E V) as (LV & PV & VV).
  exists (over zx d), (over zy e). split; [|split; [|split]].
  - apply (contains_sound n K IK); auto.
  - apply (contains_sound n K IK); auto.
  - intros j J. rewrite <- VU, <- VV by exact J. apply (first_difference_spec u v 0%Z); auto; lia.
  - intro S. rewrite (equal_multiples n zx zy d e) in Q; auto. discriminate.
Qed.

Theorem check_network_collision_sound : forall n K N x y,
  check_network_collision n K N x y = Good tt -> network_collides n K N.
Proof.
  intros n K N x y H. unfold check_network_collision in H. destruct (fitted n N) as [layers|] eqn:F; [|discriminate].
  apply (check_images_sound n (output_width n N) K (network_value N)) in H; [exact H|].
  intros z d u L D U. destruct (network_image layers z d) as [[v a]|] eqn:I; [|discriminate]. injection U as <-.
  destruct (network_image_spec N n layers z d v a F L D I) as (A & LV & V).
  split; [rewrite map_length; exact LV|]. split.
  - intros p P. apply in_map_iff in P as (b & <- & _). exact A.
  - intros j J. rewrite <- V. rewrite (nth_indep _ (0, 1)%Z (0, a)%Z) by (rewrite map_length; lia).
    rewrite (map_nth (fun b => (b, a))). reflexivity.
Qed.

Lemma added_back_spec : forall k rows f h a x d, Forall2 (made_from k) (map (fun w => Row w 0) f) rows ->
  0 < IZR a -> 0 < IZR d -> length x = length rows ->
  length (added_back rows h a x d) = length rows /\
  (forall p, In p (added_back rows h a x d) -> 0 < IZR (snd p)) /\
  forall j, (j < length rows)%nat ->
    IZR (fst (nth j (added_back rows h a x d) (0, 1)%Z)) / IZR (snd (nth j (added_back rows h a x d) (0, 1)%Z))
    = over x d j + dot (nth j f []) (over h a).
Proof.
  intros k rows f h a x d M A D. revert x. remember (map (fun w => Row w 0) f) as fs eqn:E. revert f E.
  induction M as [|r z fs rows (_ & P & V) M IH]; intros f E x L; destruct x as [|c x]; try discriminate L.
  - split; [reflexivity|]. split; [intros p []|]. intros j J. cbn in J. lia.
  - destruct f as [|w f]; [discriminate|]. injection E as -> ->. destruct (IH f eq_refl x) as (LA & PA & VA); [cbn in L; lia|].
    cbn [added_back]. set (rest := added_back rows h a x d) in *. clearbody rest.
    assert (AZ : 0 < IZR a * IZR (denominator z)) by (apply Rmult_lt_0_compat; assumption).
    split; [cbn; lia|]. split.
    + intros p [<-|Q]; [|auto]. cbn [snd]. rewrite !mult_IZR. apply Rmult_lt_0_compat; assumption.
    + intros [|j] J; cbn [nth fst snd].
      * rewrite plus_IZR, !mult_IZR, inner_product_value, V by exact A. unfold affine. cbn [normal bias]. rewrite Q2R_zero.
        unfold over at 2. cbn [nth]. field. lra.
      * rewrite VA by (cbn in J; lia). reflexivity.
Qed.

Lemma layer_value_relu : forall rows x, layer_value (map (fun r => SlopedRow r 0) rows) x = output rows x.
Proof.
  intros rows x. unfold layer_value, output. rewrite map_map. apply map_ext. intro r. cbn [affine_part slope].
  unfold activated, relu, Rmax. rewrite Q2R_zero. destruct (Rle_dec 0 (affine r x)), (Rle_dec (affine r x) 0); lra.
Qed.

Theorem check_block_collision_sound : forall n K f x y,
  check_block_collision n K f x y = Good tt -> block_collides n K f.
Proof.
  intros n K f x y H. unfold check_block_collision, block_rows in H.
  destruct (integer_rows n 0 (hidden f)) as [inner|] eqn:I; [|discriminate].
  destruct (integer_rows (length (hidden f)) 0 (map (fun w => Row w 0) (back f))) as [outer|] eqn:O; [|discriminate].
  destruct (has_length n outer) eqn:LO; [|discriminate]. apply has_length_spec in LO.
  apply integer_rows_spec in I. apply integer_rows_spec in O.
  apply (check_images_sound n n K (block_value f)) in H; [exact H|].
  intros z d u L D U. destruct (layer_image (map (fun r => (r, 0%Q)) inner) z d) as [[h a]|] eqn:G; [|discriminate]. injection U as <-.
  assert (M : layer_made n (map (fun r => SlopedRow r 0) (hidden f)) (map (fun r => (r, 0%Q)) inner)).
  { clear - I. induction I as [|r s rows inner A I IH]; constructor; auto. }
  destruct (layer_image_spec n _ _ z d h a M D G) as (A & _ & V). rewrite layer_value_relu in V.
  destruct (added_back_spec _ outer (back f) h a z d O A D) as (LA & PA & VA); [lia|].
  split; [lia|]. split; [exact PA|]. intros j J. rewrite VA by lia. unfold block_value. rewrite V. reflexivity.
Qed.
